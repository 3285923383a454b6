namespace KadOrleans.Cluster.Tests.Edges;

// Requests are numbers; the shard of one is its tens, and an answer ten times the number. Shards 1 to 4 are on one silo, those from 5 on
// another; where shard 0 is nobody knows.
public sealed class ShardChannelsTests
{
    private static readonly GrainKeyStoreOptions Options = new() { DeskCalls = 1, PauseForSilo = TimeSpan.Zero };

    private readonly ManualTimeProvider _clock = new();
    private readonly PendingCalls _many = new();
    private readonly PendingCalls _one = new();
    private readonly HashSet<long> _late = [];
    private readonly HashSet<long> _unknown = [0];
    private readonly ConcurrentQueue<GrainId> _asked = new();
    private readonly ShardChannels<int, int> _channels;

    public ShardChannelsTests()
    {
        HashSet<GrainId> desks = [Silos.DeskAt(1), Silos.DeskAt(2)];
        _channels = new ShardChannels<int, int>(
            "test",
            CallDeskAsync,
            (_, numbers) => _one.CallAsync(numbers),
            shard => _unknown.Contains(shard) ? null : Silos.DeskAt(shard < 5 ? 1 : 2),
            () => desks,
            Options,
            _clock,
            NullLogger.Instance);
    }

    [Fact]
    public async Task Requests_to_a_late_shard_wait_apart_and_are_never_overtaken()
    {
        _late.Add(1);
        var first = Ask(22);
        var call = await _many.NextAsync();
        var (late, well) = (Ask(11), Ask(21));
        call.Answer();
        (await _many.NextAsync()).Answer();
        var apart = await _one.NextAsync();
        Assert.Equal([11], apart.Requests);
        Assert.Equal(210, await well);

        var (later, latest, other) = (Ask(12), Ask(13), Ask(22));
        (await _many.NextAsync()).Answer();
        Assert.Equal(220, await other);
        Assert.False(late.IsCompleted || later.IsCompleted || latest.IsCompleted);

        apart.Answer();
        var next = await _one.NextAsync();
        next.Answer();
        Assert.Equal([12, 13], next.Requests);
        await AssertAsync([220, 110, 120, 130], first, late, later, latest);
    }

    [Fact]
    public async Task A_shard_that_was_late_travels_with_the_others_again_after_a_while()
    {
        _late.Add(1);
        var late = Ask(11);
        (await _many.NextAsync()).Answer();
        (await _one.NextAsync()).Answer();
        await late;
        _late.Clear();

        var soon = Ask(12);
        (await _one.NextAsync()).Answer();
        await soon;
        _clock.Advance(GrainKeyStoreOptions.DirectFor);
        var later = Ask(13);
        (await _many.NextAsync()).Answer();

        await AssertAsync([120, 130], soon, later);
        Assert.Equal((2, 2), (_many.Count, _one.Count));
    }

    [Fact]
    public async Task Silos_have_channels_of_their_own_and_an_unknown_shard_is_called_itself()
    {
        var asked = new[] { 11, 51, 1 }.Select(Ask).ToArray();
        var calls = new[] { await _many.NextAsync(), await _many.NextAsync() };
        Assert.Equal([11, 51], calls.SelectMany(call => call.Requests).Order());
        Assert.Equal([Silos.DeskAt(1), Silos.DeskAt(2)], _asked.Order());
        var own = await _one.NextAsync();
        Assert.Equal([1], own.Requests);
        own.Answer();
        Array.ForEach(calls, call => call.Answer());
        await AssertAsync([110, 510, 10], asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Requests_of_a_late_desk_go_to_their_shards_too_and_the_first_response_counts(bool isDeskFirst)
    {
        var asked = Ask(11);
        var late = await _many.NextAsync();
        await Eventually.IsTrueAsync(() => _clock.NextDue <= Options.HedgeAfter);
        _clock.Advance(Options.HedgeAfter);
        var own = await _one.NextAsync();
        Assert.Equal([11], own.Requests);
        (isDeskFirst ? late : own).Answer();
        Assert.Equal(110, await asked);

        // Whatever comes of the other one, the shard is left apart for a while.
        (isDeskFirst ? own : late).Fail(new InvalidOperationException("gone"));
        var next = Ask(12);
        (await _one.NextAsync()).Answer();
        Assert.Equal(120, await next);
        Assert.Equal(1, _many.Count);
    }

    [Fact]
    public async Task Requests_of_a_desk_that_fails_go_to_their_shards_at_once_and_are_tried_there_again()
    {
        _many.Failure = new SiloUnavailableException("There is no such service here.");
        _one.Failure = new TimeoutException("The silo has just died.");
        var asked = Ask(11);
        await Eventually.IsTrueAsync(() => _one.Count == 1 && _clock.NextDue <= TimeSpan.FromMilliseconds(50));
        _one.Failure = null;
        _clock.Advance(TimeSpan.FromMilliseconds(50));
        (await _one.NextAsync()).Answer();
        Assert.Equal(110, await asked);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_of_one_request_alone()
    {
        using var cancelling = new CancellationTokenSource();
        var first = _channels.AskAsync(21, 2, cancelling.Token);
        var call = await _many.NextAsync();
        var second = Ask(22);

        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        call.Answer();
        (await _many.NextAsync()).Answer();
        Assert.Equal(220, await second);
    }

    [Fact]
    public async Task The_time_that_a_request_waited_with_the_others_counts_when_it_is_asked_apart()
    {
        _late.Add(1);
        var late = _channels.AskAsync(11, 1, CancellationToken.None);
        var call = await _many.NextAsync();
        _clock.Advance(Options.HedgeAfter / 2);
        call.Answer();
        await _one.NextAsync();

        _clock.Advance(Options.Timeout - (Options.HedgeAfter / 2) - TimeSpan.FromMilliseconds(1));
        Assert.False(late.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.IsType<TimeoutException>((await late).Failure);
    }

    [Fact]
    public async Task A_request_ends_in_its_time_also_behind_younger_ones()
    {
        var older = _channels.AskAsync(11, 1, CancellationToken.None);
        var late = await _many.NextAsync();
        _clock.Advance(Options.HedgeAfter / 2);
        _unknown.Add(1);
        var younger = Ask(12);
        var own = await _one.NextAsync();
        late.Fail(new SiloUnavailableException("gone"));
        own.Answer();
        Assert.Equal(120, await younger);
        Assert.Equal([11], (await _one.NextAsync()).Requests);

        _clock.Advance(Options.Timeout - (Options.HedgeAfter / 2));
        Assert.True(older.IsCompleted);
        Assert.IsType<TimeoutException>((await older).Failure);
    }

    private static async Task AssertAsync(int[] expected, params Task<int>[] requests) =>
        Assert.Equal(expected, await Task.WhenAll(requests));

    private async Task<int> Ask(int number)
    {
        var outcome = await _channels.AskAsync(number, number / 10, CancellationToken.None);
        Assert.Null(outcome.Failure);
        return outcome.Result;
    }

    private async Task<ShardBatch<int>> CallDeskAsync(GrainId desk, IReadOnlyList<int> numbers)
    {
        _asked.Enqueue(desk);
        var results = await _many.CallAsync(numbers);
        return new ShardBatch<int>(
            results, [.. Enumerable.Range(0, numbers.Count).Where(place => _late.Contains(numbers[place] / 10))]);
    }
}
