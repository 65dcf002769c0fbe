# What npm run smoke has webhooks sent to.
module "receiver" {
  source = "./modules/webhook-receiver"
  count  = var.smoke_receiver ? 1 : 0

  project        = module.project.ready
  project_number = module.project.project_number
  prefix         = var.prefix
  region         = local.home
  image          = var.images.receiver
  protected      = var.protected
}
