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
        var lasting = FakeAdmin.Held with { StoredAt = ManualTimeProvider.Epoch, ExpiresAt = FakeAdmin.StoredAt.AddYears(1_000) };
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
    public async Task Of_two_exports_of_a_token_at_once_the_second_is_refused_and_another_tokens_is_not()
    {
        var gate = new TaskCompletionSource();
        _api.Admin.BeforeValues = gate.Task;
        var first = _api.SendAsync("GET", Path);
        await _api.Admin.ExportBegun.Task;

        Assert.Equal(
            "The token 'writer' has an export under way here, or others have 4; repeat this one when one has ended.",
            await _api.FailAsync(HttpStatusCode.TooManyRequests, "GET", Path));
        var other = _api.SendAsync("GET", Path, headers: _api.Manager);

        gate.SetResult();
        using var done = await first;
        using var beside = await other;
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (done.StatusCode, beside.StatusCode));
    }

    [Fact]
    public async Task An_export_that_nobody_reads_is_cut_off_and_its_token_may_begin_another()
    {
        _api.Admin.EndlessValues = true;
        using var stalled = await _api.ConnectAsync(receiveBytes: 4_096);
        await stalled.SendAsync(Encoding.ASCII.GetBytes($"GET {Path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {_api.Http.DefaultRequestHeaders.Authorization}\r\n\r\n"));
        await _api.Admin.ExportBegun.Task;
        await _api.FailAsync(HttpStatusCode.TooManyRequests, "GET", Path);

        await Eventually.IsTrueAsync(() =>
        {
            _api.Time.Advance(LeastRateStream.Patience);
            return _api.Admin.ExportEnded.Task.IsCompleted;
        });
        _api.Admin.EndlessValues = false;
        using var next = await _api.SendAsync("GET", Path);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task An_export_by_a_token_that_is_removed_is_cut_off()
    {
        await using var api = await ApiHost.StartAsync();
        api.Admin.EndlessValues = true;
        using var response = await api.Http.GetAsync(
            new Uri(Path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var some = new byte[1 << 20];
        await body.ReadExactlyAsync(some, TestContext.Current.CancellationToken);
        api.Tokens.Replace([]);

        // What is under way is some megabytes at most.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await body.ReadExactlyAsync(some, TestContext.Current.CancellationToken);
            }
        });
        await api.Admin.ExportEnded.Task;
    }

    [Fact]
    public async Task A_reader_is_too_slow_only_if_its_writes_wait_longer_than_its_rate_allows()
    {
        var (time, body, isTooSlow) = (new ManualTimeProvider(), new WaitingStream(), false);
        await using var paced = new LeastRateStream(body, time, () => isTooSlow = true);
        var megabyte = new byte[1_000_000];

        // At the least rate for a minute, and what the server takes between writes does not count.
        for (var i = 0; i < 6; i++)
        {
            await TakeAsync(megabyte, TimeSpan.FromSeconds(9.9));
            time.Advance(TimeSpan.FromHours(1));
        }

        // What was taken fast earns no more.
        for (var i = 0; i < 100; i++)
        {
            await TakeAsync(megabyte, TimeSpan.Zero);
        }

        Assert.False(isTooSlow);
        await TakeAsync(new byte[100_000], TimeSpan.FromSeconds(6));
        Assert.False(isTooSlow);
        await TakeAsync(new byte[100_000], TimeSpan.FromSeconds(6));
        Assert.True(isTooSlow);

        async Task TakeAsync(byte[] bytes, TimeSpan after)
        {
            var write = paced.WriteAsync(bytes, TestContext.Current.CancellationToken);
            time.Advance(after);
            body.Take();
            await write;
        }
    }

    /// <summary>A body whose writes wait until they are taken.</summary>
    private sealed class WaitingStream : MemoryStream
    {
        private TaskCompletionSource _taken = new();

        public void Take()
        {
            var taken = _taken;
            _taken = new();
            taken.SetResult();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => new(_taken.Task);
    }

    private static async Task<string> FileAsync(params (NodeId Key, StoredValue Value)[] values)
    {
        using var stream = new MemoryStream();
        await StateWriter.WriteAsync(
            stream, null, values.Select(value => KeyValuePair.Create(value.Key, value.Value)).ToAsyncEnumerable(), CancellationToken.None);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
