# What the code says of itself, by npm run generate; the rest of this folder is read in the order of a job's life.
locals {
  functions = jsondecode(file("${path.module}/generated/functions.json"))
  pools     = coalesce(var.pools, jsondecode(file("${path.module}/generated/pools.json")))
  retention = jsondecode(file("${path.module}/generated/retention.json"))

  home = var.regions[0]

  # Cloud Run's addresses have the project's number in them and so are known before a service is there.
  hosts     = { for name in keys(local.functions) : name => "${var.prefix}-${name}-${module.project.project_number}.${local.home}.run.app" }
  addresses = { for name, host in local.hosts : name => "https://${host}" }
}

module "project" {
  source = "./modules/project"

  project = var.project
}

module "registry" {
  source = "./modules/registry"

  project   = module.project.ready
  prefix    = var.prefix
  region    = local.home
  deployers = { for member in var.deployers : member => member }
}
