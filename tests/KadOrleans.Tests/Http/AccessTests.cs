using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Http;

public sealed class AccessTests
{
    private const string Hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public async Task Without_a_token_of_the_server_nothing_is_told()
    {
        await using var api = await ApiHost.StartAsync();
        string[] requests = ["GET /v1/keys/a", "PUT /v1/keys/a", "GET /v1/keys/a/events", "POST /v1/keys:batch", "GET /v1/status"];
        foreach (var request in requests.Select(request => request.Split(' ')))
        {
            Assert.Equal(
                "The request's token is not one of this server's.",
                await api.FailAsync(HttpStatusCode.Unauthorized, request[0], request[1], headers: ("Authorization", "Bearer x")));
        }

        // Over one connection: what a refused request sent is read.
        for (var i = 0; i < 5; i++)
        {
            await api.FailAsync(
                HttpStatusCode.Unauthorized, "PUT", "/v1/keys/a", new string('x', 60_000), "text/plain", ("Authorization", "Bearer x"));
        }

        api.Http.DefaultRequestHeaders.Authorization = null;
        Assert.Equal(
            "The request has no token; the header Authorization: Bearer TOKEN is needed.",
            await api.FailAsync(HttpStatusCode.Unauthorized, "GET", "/v1/keys/a"));
        foreach (var header in (string[])["kad_0", "Basic YTpi", "Bearer"])
        {
            Assert.Equal(
                "The header Authorization has no word Bearer and a token behind it; Authorization: Bearer TOKEN is needed.",
                await api.FailAsync(HttpStatusCode.Unauthorized, "GET", "/v1/keys/a", headers: ("Authorization", header)));
        }

        Assert.Empty(api.Dht.Calls);
    }

    [Fact]
    public async Task A_token_that_may_read_may_not_write_and_has_a_rate()
    {
        await using var api = await ApiHost.StartAsync();

        Assert.Equal(
            "The token 'reader' lacks the scope 'write'; it has read.",
            await api.FailAsync(HttpStatusCode.Forbidden, "PUT", "/v1/keys/a", """{"value":1}""", headers: api.Reader));
        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => api.SendAsync("GET", "/v1/keys/a", headers: api.Reader)));
        var refused = responses.Where(response => response.StatusCode == HttpStatusCode.TooManyRequests).ToList();
        Assert.NotEmpty(refused);
        Assert.All(refused, response => Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta));
        Assert.Equal(responses.Length - refused.Count, api.Dht.Calls.Count);
        Array.ForEach(responses, response => response.Dispose());
    }

    [Fact]
    public async Task The_status_is_for_who_may_read_or_view_and_an_unknown_route_is_named()
    {
        await using var api = await ApiHost.StartAsync();
        await api.JsonAsync("GET", "/v1/status", headers: api.Reader);
        await api.JsonAsync("GET", "/v1/status", headers: api.Manager);
        Assert.Equal(
            "The token 'manager' lacks the scope 'read'; it has view, manage.",
            await api.FailAsync(HttpStatusCode.Forbidden, "GET", "/v1/keys/a", headers: api.Manager));
        Assert.Equal(
            "There is no POST /v1/keys/a; that path has DELETE, GET, HEAD, OPTIONS, PUT.",
            await api.FailAsync(HttpStatusCode.MethodNotAllowed, "POST", "/v1/keys/a", "x"));
        await api.FailAsync(HttpStatusCode.NotFound, "GET", "/v1/else");
        await api.FailAsync(HttpStatusCode.NotFound, "GET", "/v1/keys/");
    }

    [Theory]
    [InlineData("""{"tokens":[]}""", "there are 0 tokens; 1 to 1000 are allowed in 'PATH'.")]
    [InlineData($$"""{"tokens":[{"name":"","sha256":"{{Hash}}","scopes":["read"]}]}""", "a name is ''; 1 to 64 characters are allowed in 'PATH'.")]
    [InlineData("""{"tokens":[{"name":"a","sha256":"12","scopes":["read"]}]}""", "sha256 of token 'a' has 2 characters; 64 hexadecimal digits are needed in 'PATH'.")]
    [InlineData($$"""{"tokens":[{"name":"a","sha256":"{{Hash}}","scopes":[]}]}""", "token 'a' has no scopes; read, write, view, manage, keep are allowed in 'PATH'.")]
    [InlineData($$"""{"tokens":[{"name":"a","sha256":"{{Hash}}","scopes":["all"]}]}""", "a scope of token 'a' is 'all'; read, write, view, manage, keep are allowed in 'PATH'.")]
    [InlineData($$"""{"tokens":[{"name":"a","sha256":"{{Hash}}","scopes":["read"],"requestsPerSecond":0}]}""", "requestsPerSecond of token 'a' is 0; 1 to 1000000 is allowed in 'PATH'.")]
    [InlineData($$"""{"tokens":[{"name":"a","sha256":"{{Hash}}","scopes":["read"]},{"name":"b","sha256":"{{Hash}}","scopes":["read"]}]}""", "token 'b' has the sha256 of another one; each needs its own in 'PATH'.")]
    [InlineData("{", "'PATH' is no file of tokens (line 1 is no JSON, ends too soon or nests too deep).")]
    [InlineData("\n-----BEGIN PRIVATE KEY-----", "'PATH' is no file of tokens (line 2 is no JSON, ends too soon or nests too deep).")]
    [InlineData("""{"tokens":5}""", "'PATH' is no file of tokens ($.tokens is unknown, of another type, or lacks a member).")]
    [InlineData("""{"tokens":[{"name":"a"}]}""", "'PATH' is no file of tokens ($.tokens[0] is unknown, of another type, or lacks a member).")]
    [InlineData("""{"tokens":[{"name":"a","sha256":"b","scopes":["read"],"rate":1}]}""", "'PATH' is no file of tokens ($.tokens[0].rate is unknown, of another type, or lacks a member).")]
    public void A_wrong_file_of_tokens_is_refused_in_a_sentence(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder["tokens.json"];
        File.WriteAllText(path, content);

        var mistake = Assert.Throws<OptionsValidationException>(() => ApiTokens.Read("--http-tokens", path));
        Assert.StartsWith(
            $"--http-tokens: {expected.Replace("PATH", path, StringComparison.Ordinal)}", Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }
}
