namespace KadOrleans.Tests.Http;

public sealed class TransferApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Path = "/v1/admin/values";

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task Values_are_read_with_their_times_and_sources()
    {
        _api.Admin.Values = [KeyValuePair.Create(NodeId.MinValue, FakeAdmin.Held), KeyValuePair.Create(NodeId.MaxValue, FakeAdmin.Held with { PublishedAt = FakeAdmin.StoredAt })];

        using var response = await _api.SendAsync("GET", Path);

        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.Equal(_api.Admin.Values.Select(value => value!.Value), new StateReader(body, "body").ReadValues());
    }

    [Fact]
    public async Task A_failure_before_the_first_value_has_its_status_and_a_later_one_cuts_the_response_off()
    {
        _api.Admin.Values = null;
        Assert.Equal("The shard does not answer.", await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "GET", Path));

        _api.Admin.Values = [KeyValuePair.Create(NodeId.MinValue, FakeAdmin.Held), null];
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _api.SendAsync("GET", Path));
    }

    [Fact]
    public async Task Values_are_imported_and_expired_ones_left_out()
    {
        var lasting = FakeAdmin.Held with { ExpiresAt = FakeAdmin.StoredAt.AddYears(1_000) };
        var expired = FakeAdmin.Held with { StoredAt = DateTimeOffset.UnixEpoch, ExpiresAt = DateTimeOffset.UnixEpoch };
        await _api.ShowsAsync(
            """{"imported":1,"expired":1}""", "POST", Path, await FileAsync((NodeId.MinValue, lasting), (NodeId.MaxValue, expired)));

        Assert.Equal(KeyValuePair.Create(NodeId.MinValue, lasting), Assert.Single(_api.Admin.Imported));
        Assert.Equal(["import 2 values: imported 1, 1 expired, 0 older, 0 refused"], _api.Audit);
    }

    [Fact]
    public async Task A_body_that_is_no_such_file_or_has_too_many_values_is_refused_as_a_whole()
    {
        Assert.Equal(
            "'body' is not a kad-state file of version 1: it is not a JSON object.", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", Path, "[]"));
        var many = await FileAsync([.. Enumerable.Range(0, 1_001).Select(i => (Samples.Key(i), FakeAdmin.Held))]);
        Assert.Equal(
            "The body has more than 1000 values, the most allowed in a request.", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", Path, many));
        Assert.Empty(_api.Admin.Imported);
    }

    [Fact]
    public async Task An_import_counts_as_many_requests_as_it_has_values()
    {
        // The rate of a token is counted in real time, so no other test may share the host.
        await using var api = await ApiHost.StartAsync();
        var lasting = FakeAdmin.Held with { ExpiresAt = FakeAdmin.StoredAt.AddYears(1_000) };
        var many = await FileAsync([.. Enumerable.Range(0, 1_000).Select(i => (Samples.Key(i), lasting))]);
        await api.JsonAsync("POST", Path, many);

        var responses = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => api.SendAsync("POST", Path, many)));
        Assert.All(responses, response => Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
        Assert.Contains(responses, response => response.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal(1_000 * (1 + responses.Count(response => response.StatusCode == HttpStatusCode.OK)), api.Admin.Imported.Count);
        Array.ForEach(responses, response => response.Dispose());
    }

    [Fact]
    public async Task Of_two_exports_at_once_the_second_is_refused()
    {
        var gate = new TaskCompletionSource();
        _api.Admin.BeforeValues = gate.Task;
        var first = _api.SendAsync("GET", Path);
        await _api.Admin.ExportBegun.Task;

        Assert.Equal(
            "Another export is under way here; repeat this one when that has ended.", await _api.FailAsync(HttpStatusCode.TooManyRequests, "GET", Path));

        gate.SetResult();
        using var done = await first;
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
    }

    private static async Task<string> FileAsync(params (NodeId Key, StoredValue Value)[] values)
    {
        using var stream = new MemoryStream();
        await StateWriter.WriteAsync(
            stream, null, values.Select(value => KeyValuePair.Create(value.Key, value.Value)).ToAsyncEnumerable(), CancellationToken.None);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
