import { z } from 'zod';
import { TenantId } from '../../../domain/contract/tenant.ts';
import {
  CreateKeyRequest,
  KeyList,
  ListTenantsQuery,
  NewKeyResource,
  PutTenantRequest,
  TenantList,
  TenantResource,
} from '../../../domain/contract/tenant-api.ts';
import { BODY_PROBLEMS, type ApiRoute } from '../route.ts';
import { createKey, deleteKey, listKeys } from './keys.ts';
import { getTenant, listTenants, putTenant } from './tenants.ts';

const TENANT = { tenant: { description: 'the id of a tenant', schema: TenantId } };

/** The part of the table that a key of scope `admin` has. */
export const TENANT_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/v1/tenants',
    operation: 'listTenants',
    scope: 'admin',
    summary: 'List the tenants',
    query: ListTenantsQuery,
    answers: [{ status: 200, description: 'One page, by id.', schema: TenantList }],
    problems: [],
    handle: listTenants,
  },
  {
    method: 'GET',
    path: '/v1/tenants/{tenant}',
    operation: 'getTenant',
    scope: 'admin',
    summary: 'Read a tenant',
    params: TENANT,
    answers: [{ status: 200, description: 'The tenant.', schema: TenantResource }],
    problems: ['not_found'],
    handle: getTenant,
  },
  {
    method: 'PUT',
    path: '/v1/tenants/{tenant}',
    operation: 'putTenant',
    scope: 'admin',
    summary: 'Make or change a tenant',
    params: TENANT,
    body: PutTenantRequest,
    bodyExample: { title: 'The lab', limits: { running: 8, queued: 1_000 } },
    answers: [
      { status: 200, description: 'The tenant as it is now.', schema: TenantResource },
      { status: 201, description: 'The tenant is made.', schema: TenantResource },
    ],
    problems: [...BODY_PROBLEMS, 'invalid_input'],
    handle: putTenant,
  },
  {
    method: 'POST',
    path: '/v1/tenants/{tenant}/keys',
    operation: 'createKey',
    scope: 'admin',
    summary: 'Make a key',
    params: TENANT,
    body: CreateKeyRequest,
    bodyExample: { name: 'ci', scopes: ['submit', 'read'], endsInSeconds: 7_776_000 },
    answers: [{ status: 201, description: 'The key, which is shown this once.', schema: NewKeyResource }],
    problems: [...BODY_PROBLEMS, 'not_found', 'invalid_input', 'too_many_keys'],
    handle: createKey,
  },
  {
    method: 'GET',
    path: '/v1/tenants/{tenant}/keys',
    operation: 'listKeys',
    scope: 'admin',
    summary: 'List the keys of a tenant, oldest first',
    params: TENANT,
    answers: [{ status: 200, description: 'All of them, without the keys themselves.', schema: KeyList }],
    problems: ['not_found'],
    handle: listKeys,
  },
  {
    method: 'DELETE',
    path: '/v1/tenants/{tenant}/keys/{key}',
    operation: 'deleteKey',
    scope: 'admin',
    summary: 'Take a key away',
    params: { ...TENANT, key: { description: 'the id of the key', schema: z.string() } },
    answers: [
      {
        status: 204,
        description: 'It is gone; an instance that has just taken it does so for a minute more.',
        schema: null,
      },
    ],
    problems: ['not_found'],
    handle: deleteKey,
  },
];
