locals {
  # vCPUs, MiB, requests at once, the longest in seconds, instances. An event is answered in 8 s, a call of sweep's in a minute; the door
  # holds claims, and the api streams, for 50 s, and a request that waits costs no more than memory.
  usual = { cpu = 1, memory_mib = 512, concurrency = 40, timeout_seconds = 90, max_instances = 10 }
  unusual = {
    api      = { memory_mib = 1024, concurrency = 200, timeout_seconds = 120, max_instances = 20 }
    dispatch = { max_instances = 3 }
    worker   = { memory_mib = 1024, concurrency = 200, timeout_seconds = 120, max_instances = 20 }
    sweep    = { concurrency = 4, timeout_seconds = 180, max_instances = 1 }
  }

  # What brings events, functions that call others with ids, and workers at their door.
  callers = { for name, function in local.functions : name => merge(
    anytrue([for route in function.routes : contains(["topic", "tenant-topic", "document"], route.via)]) ? { events = module.events_account.member } : {},
    anytrue([for route in function.routes : route.via == "push"]) ? { push = module.deliveries.member } : {},
    anytrue([for route in function.routes : route.via == "schedule"]) ? { scheduler = module.scheduler.member } : {},
    anytrue([for route in function.routes : route.via == "http" && !try(route.public, false)]) ? { gpu-job = module.worker_account.member } : {},
    { for caller, other in local.functions : caller => module.account[caller].member if contains(other.grant.calls, name) },
  ) }

  # A function that lacks one of its variables, or has one that is not its own, does not start: functions/start/config.ts says which.
  values = { for name in keys(local.functions) : name => {
    GOOGLE_CLOUD_PROJECT        = var.project
    SLIPWAY_BUCKET              = module.bucket.name
    SLIPWAY_CALLERS             = join(",", [for member in values(local.callers[name]) : trimprefix(member, "serviceAccount:")])
    SLIPWAY_DATABASE            = module.job_store.name
    SLIPWAY_DELIVER_WEBHOOK_URL = local.addresses["deliver-webhook"]
    SLIPWAY_DISPATCH_URL        = local.addresses["dispatch"]
    SLIPWAY_NAME                = var.prefix
    SLIPWAY_ON_JOB_EVENT_URL    = local.addresses["on-job-event"]
    SLIPWAY_OWN_HOSTS           = join(",", values(local.hosts))
    SLIPWAY_REGION              = local.home
    SLIPWAY_REGIONS             = join(",", var.regions)
    SLIPWAY_TOKEN_AUDIENCES     = join(",", var.token_audiences)
  } }

  deployed = { for name, function in local.functions : name => {
    account = module.account[name].email
    egress  = function.grant.egress ? { network = module.egress.network, subnetwork = module.egress.subnetwork } : null
    environment = {
      for variable in function.environment : variable => local.values[name][variable]
      if variable != "SLIPWAY_TOKEN_AUDIENCES" || length(var.token_audiences) > 0
    }
    image    = var.images.functions[name]
    invokers = local.callers[name]
    limits = merge(
      local.usual,
      lookup(local.unusual, name, {}),
      { for set, most in var.max_instances : "max_instances" => most if set == name },
    )
    public = anytrue([for route in function.routes : try(route.public, false)])
    # Read tokens are in addresses where a page cannot send headers (docs/13-tenants.md).
    secret_addresses = anytrue([for route in function.routes : try(route.public, false)]) ? "[?&]token=" : null
    startup          = function.startup
  } }

  # What takes requests comes last, so that whatever they lead to knows them already.
  entrances = ["api", "intake"]
}

module "function" {
  source   = "./modules/function"
  for_each = toset(setsubtract(keys(local.functions), local.entrances))

  project          = module.project.ready
  prefix           = var.prefix
  region           = local.home
  name             = each.key
  address          = local.addresses[each.key]
  account          = local.deployed[each.key].account
  egress           = local.deployed[each.key].egress
  environment      = local.deployed[each.key].environment
  image            = local.deployed[each.key].image
  invokers         = local.deployed[each.key].invokers
  limits           = local.deployed[each.key].limits
  public           = local.deployed[each.key].public
  secret_addresses = local.deployed[each.key].secret_addresses
  startup          = local.deployed[each.key].startup

  # A query fails without its index, a publish without its topic, and a secret is read once.
  depends_on = [module.job_store, module.secret, module.topic, module.events_topic]
}

module "entrance" {
  source   = "./modules/function"
  for_each = toset(local.entrances)

  project          = module.project.ready
  prefix           = var.prefix
  region           = local.home
  name             = each.key
  address          = local.addresses[each.key]
  account          = local.deployed[each.key].account
  egress           = local.deployed[each.key].egress
  environment      = local.deployed[each.key].environment
  image            = local.deployed[each.key].image
  invokers         = local.deployed[each.key].invokers
  limits           = local.deployed[each.key].limits
  public           = local.deployed[each.key].public
  secret_addresses = local.deployed[each.key].secret_addresses
  startup          = local.deployed[each.key].startup

  depends_on = [module.function, module.gpu_pool]
}

module "egress" {
  source = "./modules/egress"

  project        = module.project.ready
  prefix         = var.prefix
  region         = local.home
  ports          = jsondecode(file("${path.module}/generated/webhook-ports.json"))
  refused_ranges = jsondecode(file("${path.module}/generated/private-ranges.json"))
}

module "scheduler" {
  source = "./modules/scheduler"

  project  = module.project.ready
  prefix   = var.prefix
  region   = local.home
  address  = module.function["sweep"].address
  schedule = one([for route in local.functions["sweep"].routes : route.schedule if route.via == "schedule"])
}
