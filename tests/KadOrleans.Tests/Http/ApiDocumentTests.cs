using Microsoft.OpenApi;

namespace KadOrleans.Tests.Http;

public sealed class ApiDocumentTests
{
    [Fact]
    public async Task The_document_is_valid_and_has_every_endpoint_with_its_errors()
    {
        await using var api = await ApiHost.StartAsync();
        api.Http.DefaultRequestHeaders.Authorization = null;
        using var response = await api.SendAsync("GET", DhtApi.Document);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var read = OpenApiDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "json");

        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic!.SpecificationVersion);
        Assert.Empty(read.Diagnostic.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        var operations = read.Document!.Paths.SelectMany(path => path.Value.Operations!.Select(operation => (Name: $"{operation.Key} {path.Key}", operation.Value))).ToList();
        Assert.Equal(
            [
                "DELETE /v1/admin/bans", "DELETE /v1/admin/contacts/{id}", "DELETE /v1/admin/crawls/{id}", "DELETE /v1/admin/keys/{key}", "DELETE /v1/admin/limits/{name}",
                "DELETE /v1/admin/tokens/{name}", "DELETE /v1/keys/{key}", "GET /v1/admin/audit", "GET /v1/admin/bans", "GET /v1/admin/contacts/{id}", "GET /v1/admin/crawls",
                "GET /v1/admin/crawls/{id}", "GET /v1/admin/crawls/{id}/events", "GET /v1/admin/crawls/{id}/map", "GET /v1/admin/crawls/{id}/nodes",
                "GET /v1/admin/edges", "GET /v1/admin/keys", "GET /v1/admin/keys/{key}", "GET /v1/admin/keys/{key}/shard", "GET /v1/admin/keys/{key}/value", "GET /v1/admin/limits", "GET /v1/admin/publications", "GET /v1/admin/shards",
                "GET /v1/admin/shards/{number}", "GET /v1/admin/silos",
                "GET /v1/admin/table", "GET /v1/admin/tokens", "GET /v1/admin/usage", "GET /v1/admin/usage/sources", "GET /v1/admin/values", "GET /v1/items/{item}", "GET /v1/items/{item}/events", "GET /v1/keys/{key}", "GET /v1/keys/{key}/events", "GET /v1/nodes/{target}",
                "GET /v1/status", "POST /v1/admin/crawls", "POST /v1/admin/edges/{name}:drain", "POST /v1/admin/edges/{name}:forget", "POST /v1/admin/edges/{name}:resume", "POST /v1/admin/edges/{name}:rotateIds", "POST /v1/admin/keys:batch", "POST /v1/admin/lookups",
                "POST /v1/admin/shards:double", "POST /v1/admin/tokens", "POST /v1/admin/values", "POST /v1/admin/work:refresh", "POST /v1/admin/work:republish", "POST /v1/admin/work:walk", "POST /v1/keys:batch", "PUT /v1/admin/bans", "PUT /v1/admin/keys/{key}/value", "PUT /v1/admin/limits/{name}", "PUT /v1/items", "PUT /v1/keys/{key}",
            ],
            operations.Select(operation => operation.Name).Order(StringComparer.Ordinal));
        Assert.All(operations, operation =>
        {
            Assert.False(string.IsNullOrEmpty(operation.Value.Summary));
            Assert.Superset(new HashSet<string> { "401", "403", "429" }, operation.Value.Responses!.Keys.ToHashSet());
        });
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var got = operations.Single(operation => operation.Name == "GET /v1/keys/{key}").Value.Responses!["200"].Content!;
        Assert.Equal(JsonSchemaType.String, got["text/plain"].Schema!.Type);
        Assert.Contains("digest", got["application/json"].Schema!.Properties!.Keys);
        var put = operations.Single(operation => operation.Name == "PUT /v1/keys/{key}").Value;
        Assert.Equal(
            ["If-Match", "If-None-Match", "Idempotency-Key"],
            put.Parameters!.Where(parameter => parameter.In == ParameterLocation.Header).Select(parameter => parameter.Name));
        Assert.Equal("value", Assert.Single(put.RequestBody!.Content!["application/json"].Schema!.Required!));
        Assert.Contains("ETag", put.Responses!["200"].Headers!.Keys);
    }

    [Fact]
    public async Task The_document_is_made_once_and_not_sent_to_who_has_it()
    {
        await using var api = await ApiHost.StartAsync();
        api.Http.DefaultRequestHeaders.Authorization = null;
        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.SendAsync("GET", DhtApi.Document)));
        var tag = Assert.Single(responses.Select(response => response.Headers.ETag).Distinct());
        Array.ForEach(responses, response => response.Dispose());

        using var unchanged = await api.SendAsync("GET", DhtApi.Document, headers: ("If-None-Match", $"{tag}"));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Equal(1, api.DocumentsMade);
    }
}
