# What npm run smoke has webhooks sent to.
module "receiver" {
  source = "./modules/webhook-receiver"
  count  = var.smoke_receiver ? 1 : 0

  project = module.project.ready
  prefix  = var.prefix
  region  = local.home
  address = "https://${var.prefix}-receiver-${module.project.project_number}.${local.home}.run.app"
  image   = var.images.receiver
}
