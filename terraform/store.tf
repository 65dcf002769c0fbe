module "job_store" {
  source = "./modules/job-store"

  project                = module.project.ready
  name                   = var.database.name
  location               = coalesce(var.database.location, local.home)
  point_in_time_recovery = var.database.point_in_time_recovery
  protected              = var.protected
  rules                  = file("${path.module}/../firestore.rules")
}

module "bucket" {
  source = "./modules/bucket"

  project       = module.project.ready
  prefix        = var.prefix
  region        = local.home
  cors_origins  = var.cors_origins
  retention     = local.retention
  force_destroy = !var.protected

  rights = { for name, function in local.functions : name => {
    member = module.account[name].member
    blobs  = function.grant.blobs
  } if length(function.grant.blobs) > 0 }
}

module "secret" {
  source   = "./modules/secret"
  for_each = toset(flatten([for function in local.functions : function.grant.secrets]))

  project             = module.project.ready
  prefix              = var.prefix
  name                = each.key
  deletion_protection = var.protected
  rotation            = var.secret_rotation

  accessors = { for name, function in local.functions : name => module.account[name].member if contains(function.grant.secrets, each.key) }
}

module "sign_in" {
  source = "./modules/sign-in"
  count  = var.sign_in == null ? 0 : 1

  project = module.project.ready
  prefix  = var.prefix

  is_existing    = var.sign_in.is_existing
  key_generation = var.sign_in.key_generation
  referrers      = var.sign_in.referrers
}
