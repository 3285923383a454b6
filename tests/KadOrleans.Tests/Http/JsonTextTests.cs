namespace KadOrleans.Tests.Http;

/// <summary>JSON whose text is not Unicode: bytes that are not UTF-8, and halves of surrogate pairs. Bodies are sent in Latin-1 here, where ÿ is the byte ff.</summary>
public sealed class JsonTextTests : IClassFixture<ApiHost>
{
    private const string Sentence = @"The body has text that is not Unicode: bytes that are not UTF-8, or one of \ud800 to \udfff without its pair.";

    private readonly ApiHost _api;

    public JsonTextTests(ApiHost host)
    {
        _api = host.Reset();
        _api.BodyEncoding = Encoding.Latin1;
    }

    [Theory]
    [InlineData("PUT", "/v1/keys/key", @"{""value"":""\ud800x""}")]
    [InlineData("PUT", "/v1/keys/key", @"{""value"":""x\udc00""}")]
    [InlineData("PUT", "/v1/keys/key", @"{""value"":""\ud83d\u0041""}")]
    [InlineData("PUT", "/v1/keys/key", @"{""value"":""\ud83d\\ude00""}")]
    [InlineData("PUT", "/v1/keys/key", @"{""value"":""\ude00\ud83d""}")]
    [InlineData("PUT", "/v1/keys/key", @"{""value"":""ÿ""}")]
    [InlineData("PUT", "/v1/keys/key", @"{""value"":[""ÿ""]}")]
    [InlineData("PUT", "/v1/keys/key", @"{""type"":""\uDBFF"",""value"":1}")]
    [InlineData("PUT", "/v1/keys/key", @"{""type"":""ÿ"",""value"":1}")]
    [InlineData("PUT", "/v1/keys/key", @"{""\ud800"":1,""value"":1}")]
    [InlineData("PUT", "/v1/keys/key", @"{""ÿ"":1,""value"":1}")]
    [InlineData("PUT", "/v1/keys/key", @"{""other"":{""ÿ"":1},""value"":1}")]
    [InlineData("PUT", "/v1/admin/keys/key/value", @"{""value"":""\ud800""}")]
    [InlineData("POST", "/v1/admin/lookups", @"{""target"":""ÿ"",""kind"":""node""}")]
    [InlineData("POST", "/v1/admin/lookups", @"{""target"":""a"",""kind"":""\ud800""}")]
    [InlineData("POST", "/v1/admin/lookups", @"{""target"":""a"",""as"":""\udfff"",""kind"":""node""}")]
    [InlineData("POST", "/console/session", @"{""token"":""ÿ""}")]
    [InlineData("POST", "/console/session", @"{""token"":""\ud800""}")]
    [InlineData("POST", "/v1/keys:batch", @"{""operations"":[{""op"":""get"",""\ud800"":1}]}")]
    public async Task Text_that_is_not_Unicode_is_refused_in_a_sentence(string method, string path, string body)
    {
        Assert.Equal(Sentence, await _api.FailAsync(HttpStatusCode.BadRequest, method, path, body));
        Assert.Empty(_api.Dht.Calls);
        Assert.Empty(_api.Admin.Calls);
    }

    [Theory]
    [InlineData("ÿ")]
    [InlineData(@"\ud800")]
    public async Task It_is_refused_in_an_import_too(string text) => Assert.StartsWith(
        "'body' is not a kad-state file of version 1: ",
        await _api.FailAsync(HttpStatusCode.BadRequest, "POST", "/v1/admin/values", $$"""{"format":"kad-state","version":1,"values":[{"key":"{{text}}"}]}"""),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("/v1/keys:batch")]
    [InlineData("/v1/admin/keys:batch")]
    public async Task In_a_batch_only_its_operation_is_refused(string path)
    {
        var results = (await _api.JsonAsync("POST", path, """
            {"operations":[
              {"op":"put","key":"a","value":"\ud800"},
              {"op":"put","key":"b","value":1},
              {"op":"get","key":"ÿ"},
              {"op":"put","key":"c","type":"bytes","value":"ÿ"},
              {"op":"put","key":"d","value":1,"wait":"\udfff"},
              {"op":"get","key":"b"}]}
            """)).GetProperty("results").EnumerateArray().ToList();

        Assert.Equal([400, 200, 400, 400, 400, 200], results.Select(result => result.GetProperty("status").GetInt32()));
        Assert.Equal(Sentence.Replace("The body", "Operation 3", StringComparison.Ordinal), results[2].GetProperty("problem").GetString());
        Assert.Equal([$"set {NodeId.FromKey("b")}", $"get {NodeId.FromKey("b")}"], _api.Dht.Calls);
    }

    [Theory]
    [InlineData(@"\ud83d\ude00", "😀")]
    [InlineData(@"\\ud800", @"\ud800")]
    [InlineData(@"\\\ud83d\ude00\u00ff", @"\😀ÿ")]
    [InlineData(@"\ud83d\ude00\ud83d\ude00", "😀😀")]
    public async Task Pairs_and_escaped_backslashes_are_text(string json, string text)
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", $$"""{"value":"{{json}}"}""");
        Assert.Equal(text, (await _api.JsonAsync("GET", "/v1/keys/key")).GetProperty("text").GetString());
    }
}
