using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Tests.Http;

/// <summary>What all responses have in common.</summary>
public sealed class HttpPipelineTests(ApiHost host) : IClassFixture<ApiHost>
{
    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task Nobody_guesses_what_a_response_is_or_keeps_one_with_values_or_of_the_management()
    {
        string[] kept = ["/console/", "/console/app.js", DhtApi.Document];
        string[] others =
        [
            "/v1/keys/key", "/v1/keys/none", "/v1/keys/key?as=x", "/v1/keys/%ff", "/v1/admin/usage", "/v1/admin/keys/key/value", "/v1/admin/values", "/v1/else",
            "/health/live", "/health/ready", "/else", "/console/none", "/console/session",
        ];
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        foreach (var path in kept.Concat(others))
        {
            using var response = await _api.SendAsync("GET", path);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal((path, !kept.Contains(path), true), (path, response.Headers.CacheControl?.NoStore, response.Headers.CacheControl is not null));
        }

        using var refused = await _api.SendAsync("GET", "/v1/keys/key", headers: ("Host", "evil.example.com"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, refused.StatusCode);
        Assert.Equal("nosniff", Assert.Single(refused.Headers.GetValues("X-Content-Type-Options")));
        using var stranger = await _api.SendAsync("GET", "/v1/admin/usage", headers: ("Authorization", "Bearer x"));
        Assert.True(stranger.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("/v1/keys/key")]
    [InlineData("/v1/admin/keys/key/value")]
    public async Task A_response_that_depends_on_what_the_caller_accepts_says_so(string path)
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        foreach (var accept in (string[])["application/json", "text/plain", "application/octet-stream"])
        {
            using var response = await _api.SendAsync("GET", path, headers: ("Accept", accept));
            Assert.Equal((accept, "Accept"), (response.Content.Headers.ContentType!.MediaType, Assert.Single(response.Headers.Vary)));
        }

        using var unchanged = await _api.SendAsync("GET", path, headers: ("If-None-Match", "*"));
        Assert.Equal((HttpStatusCode.NotModified, "Accept"), (unchanged.StatusCode, Assert.Single(unchanged.Headers.Vary)));
    }

    [Theory]
    [InlineData("/v1/keys/key/events")]
    [InlineData("/v1/admin/crawls/20261101T000000000Z/events")]
    [InlineData("/console/live")]
    public async Task A_proxy_passes_events_on_as_they_come(string path)
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await _api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no", Assert.Single(response.Headers.GetValues("X-Accel-Buffering")));
    }

    // RFC 9110 §9.1: each server supports both.
    [Fact]
    public async Task HEAD_is_wherever_GET_is_with_the_same_headers_and_no_body()
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        var paths = _api.Endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not { } methods || methods.HttpMethods.Contains("GET"))
            .Select(endpoint => PathOf(endpoint.RoutePattern.RawText!))
            .Concat(["/", "/health/live", "/health/ready", "/console/app.js"])
            .Distinct().ToList();
        Assert.True(paths.Count > 25, string.Join(' ', paths));
        foreach (var path in paths)
        {
            using var got = await _api.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, path), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            if (got.Content.Headers.ContentType?.MediaType != "text/event-stream")
            {
                // Another export begins when this one has ended.
                await got.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            }

            using var head = await _api.SendAsync("HEAD", path);
            Assert.Equal(
                (path, got.StatusCode, got.Content.Headers.ContentType?.ToString(), got.Headers.ETag?.ToString()),
                (path, head.StatusCode, head.Content.Headers.ContentType?.ToString(), head.Headers.ETag?.ToString()));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    private static string PathOf(string pattern) => "/" + pattern.TrimStart('/')
        .Replace("{key}", "key", StringComparison.Ordinal).Replace("{**path}", string.Empty, StringComparison.Ordinal).Replace("{**rest}", "else", StringComparison.Ordinal)
        .Replace("/crawls/{id}", "/crawls/20261101T000000000Z", StringComparison.Ordinal).Replace("{number}", "1", StringComparison.Ordinal)
        .Replace("{id}", $"{NodeId.MaxValue}", StringComparison.Ordinal).Replace("{target}", $"{NodeId.MaxValue}", StringComparison.Ordinal);
}
