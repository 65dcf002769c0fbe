module "job_store" {
  source = "./modules/job-store"

  project                = var.project
  name                   = var.database.name
  location               = coalesce(var.database.location, local.home)
  point_in_time_recovery = var.database.point_in_time_recovery
  protected              = var.protected
  rules                  = file("${path.module}/../firestore.rules")

  depends_on = [module.project]
}

module "bucket" {
  source = "./modules/bucket"

  project      = var.project
  prefix       = var.prefix
  location     = local.home
  cors_origins = var.cors_origins
  retention    = local.retention
  protected    = var.protected

  rights = { for name, function in local.functions : name => {
    member = module.account[name].member
    blobs  = function.grant.blobs
  } if length(function.grant.blobs) > 0 }

  depends_on = [module.project]
}

module "secret" {
  source   = "./modules/secret"
  for_each = toset(flatten([for function in local.functions : function.grant.secrets]))

  project   = var.project
  prefix    = var.prefix
  name      = each.key
  protected = var.protected

  accessors = { for name, function in local.functions : name => module.account[name].member if contains(function.grant.secrets, each.key) }

  depends_on = [module.project]
}

module "sign_in" {
  source = "./modules/sign-in"
  count  = var.sign_in ? 1 : 0

  project = var.project
  prefix  = var.prefix

  depends_on = [module.project]
}
