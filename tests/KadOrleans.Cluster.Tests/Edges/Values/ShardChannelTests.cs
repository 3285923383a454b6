namespace KadOrleans.Cluster.Tests.Edges;

public sealed class ShardChannelTests
{
    private static readonly GrainKeyStoreOptions Options = new() { MaxBatch = 3, ChannelQueue = 5 };

    private readonly ManualTimeProvider _clock = new();
    private readonly PendingCalls _calls = new();

    [Fact]
    public async Task What_arrives_during_a_call_goes_out_together_in_the_order_of_arrival()
    {
        var channel = CreateChannel();
        var first = AskAsync(channel, 1);
        var call = await _calls.NextAsync();
        var others = Enumerable.Range(2, 5).Select(i => AskAsync(channel, i)).ToList();

        call.Answer();
        var second = await _calls.NextAsync();
        second.Answer();
        var third = await _calls.NextAsync();
        third.Answer();

        Assert.Equal([1], call.Requests);
        Assert.Equal([2, 3, 4], second.Requests);
        Assert.Equal([5, 6], third.Requests);
        Assert.Equal(10, (await first).Result);
        Assert.Equal([20, 30, 40, 50, 60], (await Task.WhenAll(others)).Select(outcome => outcome.Result));
        Assert.Equal(3, _calls.Count);
    }

    [Fact]
    public async Task With_two_calls_what_arrives_during_the_second_shares_the_next()
    {
        var channel = CreateChannel(maxCalls: 2);
        var first = AskAsync(channel, 1);
        var call = await _calls.NextAsync();
        var second = AskAsync(channel, 2);
        var other = await _calls.NextAsync();
        Task<ShardOutcome<int>>[] others = [AskAsync(channel, 3), AskAsync(channel, 4)];
        Assert.Equal(2, _calls.Count);

        other.Answer();
        var next = await _calls.NextAsync();
        Assert.Equal([3, 4], next.Requests);
        next.Answer();
        Assert.Equal([20, 30, 40], (await Task.WhenAll([second, .. others])).Select(outcome => outcome.Result));
        Assert.False(first.IsCompleted);
        call.Answer();
        Assert.Equal(10, (await first).Result);
    }

    [Fact]
    public async Task With_a_pause_the_first_request_waits_for_none_and_those_of_the_pause_share_a_call()
    {
        var channel = CreateChannel(maxCalls: 2, pauseAfter: _ => TimeSpan.FromMilliseconds(3));
        var first = AskAsync(channel, 1);
        var call = await _calls.NextAsync();
        Task<ShardOutcome<int>>[] others = [AskAsync(channel, 2), AskAsync(channel, 3)];
        await Eventually.IsTrueAsync(() => _clock.NextDue <= TimeSpan.FromMilliseconds(3));
        call.Answer();
        Assert.Equal(10, (await first).Result);
        Assert.Equal(1, _calls.Count);

        _clock.Advance(TimeSpan.FromMilliseconds(3));
        var next = await _calls.NextAsync();
        Assert.Equal([2, 3], next.Requests);
        next.Answer();
        Assert.Equal([20, 30], (await Task.WhenAll(others)).Select(outcome => outcome.Result));
    }

    [Fact]
    public async Task The_pause_follows_from_the_number_of_requests_in_the_call_before()
    {
        var channel = CreateChannel(pauseAfter: sent => TimeSpan.FromMilliseconds(sent == 1 ? 0 : 20));
        var first = AskAsync(channel, 1);
        var call = await _calls.NextAsync();
        Task<ShardOutcome<int>>[] two = [AskAsync(channel, 2), AskAsync(channel, 3)];
        call.Answer();
        (await _calls.NextAsync()).Answer();
        await Task.WhenAll([first, .. two]);

        var last = AskAsync(channel, 4);
        await Eventually.IsTrueAsync(() => _clock.NextDue <= TimeSpan.FromMilliseconds(20));
        Assert.Equal(2, _calls.Count);
        _clock.Advance(TimeSpan.FromMilliseconds(20));
        (await _calls.NextAsync()).Answer();
        Assert.Equal(40, (await last).Result);
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(9, 0, 0)]
    [InlineData(2, 1, 2)]
    [InlineData(3, 1, 8)]
    [InlineData(2, 3, 6)]
    [InlineData(3, 3, 24)]
    [InlineData(9, 5, 24)]
    [InlineData(9, 15, 30)]
    public void An_edge_pauses_for_longer_after_many_puts_and_the_more_silos_there_are(int sent, int others, int milliseconds)
    {
        var options = new GrainKeyStoreOptions { PauseForSilo = TimeSpan.FromMilliseconds(2), PauseForManyPuts = TimeSpan.FromMilliseconds(8) };
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), options.PauseAfter(sent, others));
    }

    [Fact]
    public async Task Beyond_the_queue_a_request_fails_at_once_and_those_before_it_do_not()
    {
        var channel = CreateChannel();
        var first = AskAsync(channel, 0);
        var call = await _calls.NextAsync();
        var queued = Enumerable.Range(1, Options.ChannelQueue).Select(i => AskAsync(channel, i)).ToList();

        Assert.True((await AskAsync(channel, 99)).Failure is not null);

        Assert.All(queued, request => Assert.False(request.IsCompleted));
        call.Answer();
        (await _calls.NextAsync()).Answer();
        (await _calls.NextAsync()).Answer();
        Assert.All(await Task.WhenAll([first, .. queued]), outcome => Assert.Null(outcome.Failure));
    }

    [Fact]
    public async Task A_call_without_an_answer_times_out_and_nothing_is_sent_for_those_who_left()
    {
        var channel = CreateChannel();
        var sent = AskAsync(channel, 1);
        var call = await _calls.NextAsync();
        var waiting = AskAsync(channel, 2);

        _clock.Advance(Options.Timeout - TimeSpan.FromMilliseconds(1));
        Assert.False(sent.IsCompleted || waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.IsType<TimeoutException>((await sent).Failure);
        Assert.IsType<TimeoutException>((await waiting).Failure);

        var later = AskAsync(channel, 3);
        call.Answer();
        var next = await _calls.NextAsync();
        next.Answer();
        Assert.Equal([3], next.Requests);
        Assert.Equal(30, (await later).Result);
    }

    [Fact]
    public async Task A_call_that_did_not_get_through_is_made_again_before_any_later_one()
    {
        var channel = CreateChannel();
        var first = AskAsync(channel, 1);
        var call = await _calls.NextAsync();
        var second = AskAsync(channel, 2);

        for (var i = 0; i < 3; i++)
        {
            call.Fail(i == 0 ? new TimeoutException("late") : new SiloUnavailableException("The silo has just died."));
            call = await NextAfterPauseAsync();
            Assert.Equal([1], call.Requests);
        }

        call.Answer();
        (await _calls.NextAsync()).Answer();
        Assert.Equal((10, 20), ((await first).Result, (await second).Result));
        Assert.True(_clock.Elapsed < Options.Timeout);
    }

    [Fact]
    public async Task Without_a_silo_a_request_is_retried_until_it_times_out_and_the_next_one_afterwards()
    {
        var channel = CreateChannel();
        _calls.Failure = new SiloUnavailableException("No silo.");
        var first = AskAsync(channel, 1);
        await RunPausesUntilAsync(first);

        Assert.NotNull((await first).Failure);
        Assert.InRange(_clock.Elapsed, Options.Timeout, Options.Timeout + GrainKeyStoreOptions.LongestPause);
        Assert.InRange(_calls.Count, 4, 20);

        _calls.Failure = null;
        var second = AskAsync(channel, 2);
        var calling = _calls.NextAsync();
        await RunPausesUntilAsync(calling);
        (await calling).Answer();
        Assert.Equal([2], (await calling).Requests);
        Assert.Equal(20, (await second).Result);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_that_failed_otherwise_or_has_a_response_of_the_wrong_length_is_not_made_again(bool isBroken)
    {
        var channel = CreateChannel();
        var first = AskAsync(channel, 1);
        var call = await _calls.NextAsync();
        if (isBroken)
        {
            call.Fail(new InvalidOperationException("Broken."));
        }
        else
        {
            call.Answer(1, 2);
        }

        Assert.IsType<InvalidOperationException>((await first).Failure);
        var second = AskAsync(channel, 2);
        (await _calls.NextAsync()).Answer();
        Assert.Equal(20, (await second).Result);
        Assert.Equal(2, _calls.Count);
    }

    private Task<ShardOutcome<int>> AskAsync(ShardChannel<int, int> channel, int number)
    {
        var request = new ShardRequest<int, int>(number, 0, new TimeLimit(Options.Timeout, _clock));
        channel.Add(request);
        return request.Task;
    }

    private ShardChannel<int, int> CreateChannel(int maxCalls = 1, Func<int, TimeSpan>? pauseAfter = null) =>
        new("a channel", CallAsync, Options, _clock, NullLogger.Instance) { MaxCalls = maxCalls, PauseAfter = pauseAfter ?? (_ => TimeSpan.Zero) };

    private async Task<ShardBatch<int>> CallAsync(IReadOnlyList<ShardRequest<int, int>> requests) =>
        new(await _calls.CallAsync([.. requests.Select(request => request.Item)]), []);

    /// <summary>Waits until the channel pauses, and lets the pause pass.</summary>
    private async Task<PendingCall> NextAfterPauseAsync()
    {
        var next = _calls.NextAsync();
        await RunPausesUntilAsync(next);
        return await next;
    }

    private async Task RunPausesUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            await Eventually.IsTrueAsync(
                () => task.IsCompleted || (_clock.NextDue is { } due && due - _clock.Elapsed <= GrainKeyStoreOptions.LongestPause));
            if (!task.IsCompleted)
            {
                _clock.FireNext();
            }
        }
    }
}
