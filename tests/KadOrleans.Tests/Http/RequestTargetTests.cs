namespace KadOrleans.Tests.Http;

/// <summary>A path is what it is when it is sent. What passes requests on by their paths, or logs them, must see the key that is served.</summary>
public sealed class RequestTargetTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Resolved = ", which is resolved on the way here; a key with that text is named by its digest, with as=digest.";
    private const string NoText = ", which is not UTF-8 text in percent-encoding; a key of other bytes is named by its digest, with as=digest.";
    private const string NoDigits = ", where a % is not followed by two hexadecimal digits.";

    private readonly ApiHost _api = host.Reset();

    [Theory]
    [InlineData("/v1/keys/secret/../public", "The path has the segment '..'" + Resolved)]
    [InlineData("/v1/keys/secret/%2e%2E/public", "The path has the segment '%2e%2E'" + Resolved)]
    [InlineData("/v1/keys/secret/%2e./public", "The path has the segment '%2e.'" + Resolved)]
    [InlineData("/v1/keys/./public", "The path has the segment '.'" + Resolved)]
    [InlineData("/keys/secret/../../v1/keys/public", "The path has the segment '..'" + Resolved)]
    [InlineData("/x/../v1/keys/public", "The path has the segment '..'" + Resolved)]
    [InlineData("http://localhost/v1/keys/secret/../public", "The path has the segment '..'" + Resolved)]
    [InlineData("/v1/keys/..", "The path has the segment '..'" + Resolved)]
    [InlineData("/v1/keys/%2e", "The path has the segment '%2e'" + Resolved)]
    [InlineData("/v1/admin/keys/../value", "The path has the segment '..'" + Resolved)]
    [InlineData("/v1/%6beys/public?x=/keys/secret", "The path has '%6beys' in the place of 'keys', which must be sent as it is.")]
    [InlineData("/%76%31/keys/public", "The path has '%76%31' in the place of 'v1', which must be sent as it is.")]
    [InlineData("/v1/keys/public/%65vents", "The path has '%65vents' in the place of 'events', which must be sent as it is.")]
    [InlineData("/v1/admin/edges/a:d%72ain", "The path has 'a:d%72ain', whose end ':drain' must be sent as it is.", "POST")]
    [InlineData("/v1/admin/edges%2Fx", null, "GET", 404)]
    [InlineData("/v1/keys/%ff", "The path has '%ff'" + NoText)]
    [InlineData("/v1/keys/a%c0%afb", "The path has 'a%c0%afb'" + NoText)]
    [InlineData("/v1/keys/%ed%a0%80", "The path has '%ed%a0%80'" + NoText)]
    [InlineData("/v1/admin/keys/%fe/shard", "The path has '%fe'" + NoText)]
    [InlineData("/v1/keys/%zz", "The path has '%zz'" + NoDigits)]
    [InlineData("/v1/keys/a%", "The path has 'a%'" + NoDigits)]
    [InlineData("/v1/keys/a%4", "The path has 'a%4'" + NoDigits)]
    [InlineData("/v1/keys/%+1", "The path has '%+1'" + NoDigits)]
    [InlineData("/v1/keys/\u00ff", null)]
    [InlineData("/v1/keys/a%00b", null)]
    [InlineData("/v1/keys/secret/../../../health/live", null)]
    [InlineData("/console/%2e%2e/health/live", null)]
    [InlineData("/v1/admin/keys/secret/../public", "The path has the segment '..'" + Resolved, "DELETE")]
    [InlineData("/v1/admin/keys/secret/../public/value", "The path has the segment '..'" + Resolved, "PUT")]
    public async Task A_path_that_means_another_one_on_the_way_is_refused(string target, string? sentence, string method = "GET", int status = 400)
    {
        var response = await _api.SendRawAsync(method, target);

        Assert.StartsWith($"HTTP/1.1 {status}", response, StringComparison.Ordinal);
        if (sentence is not null)
        {
            var body = response[response.IndexOf('{', StringComparison.Ordinal)..(response.LastIndexOf('}') + 1)];
            Assert.Equal(sentence, JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString());
        }

        Assert.Empty(_api.Dht.Calls);
        Assert.Empty(_api.Admin.Calls);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task Keys_that_no_path_can_name_are_named_by_their_digests_and_in_batches(string key)
    {
        await _api.JsonAsync("PUT", $"/v1/keys/{NodeId.FromKey(key)}?as=digest", """{"value":1}""");
        await _api.ShowsAsync(
            """{"results":[{"status":200,"value":{"value":1}}]}""", "POST", "/v1/keys:batch", $$"""{"operations":[{"op":"get","key":"{{key}}"}]}""");
        var run = await _api.RunAsync("key", "show", key);
        Assert.Equal((ExitCode.Done, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal($"DescribeKey {NodeId.FromKey(key)}", Assert.Single(_api.Admin.Calls));
    }

    [Fact]
    public async Task Other_names_in_paths_are_those_that_were_sent_too()
    {
        await _api.JsonAsync("POST", "/v1/admin/edges/a%2Fb%25:drain");
        Assert.Equal("ChangeEdge a/b% Drain", Assert.Single(_api.Admin.Calls));
    }
}
