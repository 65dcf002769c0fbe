# Workers run as one account, which may call their door and read the weights that their pools mount.
module "worker_account" {
  source = "./modules/worker-account"

  project = module.project.ready
  prefix  = var.prefix
  pools   = local.pools
}

module "gpu_pool" {
  source   = "./modules/gpu-pool"
  for_each = local.pools

  project         = module.project.ready
  prefix          = var.prefix
  regions         = var.regions
  name            = each.key
  image           = try(coalesce(each.value.image), var.images.pools[each.key])
  gpu             = each.value.gpu
  cpu             = each.value.cpu
  memory_gib      = each.value.memory_gib
  timeout_seconds = each.value.timeout_seconds
  volumes         = each.value.volumes
  worker          = module.worker_account.email
  door_url        = local.addresses["worker"]
  launchers       = { for name, function in local.functions : name => module.account[name].member if function.grant.launches }
}
