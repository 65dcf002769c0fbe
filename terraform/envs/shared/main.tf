module "slipway" {
  source = "../.."

  project           = var.project
  prefix            = var.prefix
  regions           = var.regions
  protected         = local.environment.protected
  smoke_receiver    = local.environment.smoke_receiver
  images            = var.images
  pools             = var.pools
  tenants           = var.tenants
  alerts            = var.alerts
  budget            = var.budget
  cors_origins      = var.cors_origins
  deployers         = var.deployers
  max_instances     = var.max_instances
  rejection_readers = var.rejection_readers
  secret_rotation   = var.secret_rotation
  sign_in           = var.sign_in
  token_audiences   = var.token_audiences

  database = {
    location               = var.firestore_location
    name                   = var.firestore_database
    point_in_time_recovery = local.environment.point_in_time_recovery
  }
}
