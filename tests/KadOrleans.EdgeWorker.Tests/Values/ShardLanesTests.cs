using KadOrleans.EdgeWorker.Values;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Simulation;
using KadOrleans.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.EdgeWorker.Tests.Values;

/// <summary>Requests are numbers; the shard of one is its tens, and an answer ten times the number.</summary>
public sealed class ShardLanesTests
{
    private static readonly GrainKeyStoreOptions Options = new() { Lanes = 1 };

    private readonly ManualTimeProvider _clock = new();
    private readonly PendingCalls _many = new();
    private readonly PendingCalls _one = new();
    private readonly HashSet<long> _late = [];
    private readonly ShardLanes<int, int> _lanes;

    public ShardLanesTests()
    {
        _lanes = new ShardLanes<int, int>(
            (_, numbers) => CallManyAsync(numbers), (_, numbers) => _one.CallAsync(numbers), () => ShardPlaces.Unknown, Options, _clock, NullLogger.Instance);
    }

    [Fact]
    public async Task Requests_to_many_shards_travel_together_in_the_order_of_arrival()
    {
        var first = Ask(1);
        var call = await _many.NextAsync();
        var others = new[] { 33, 12, 31, 25 }.Select(Ask).ToArray();
        call.Answer();
        var second = await _many.NextAsync();
        second.Answer();

        Assert.Equal([33, 12, 31, 25], second.Requests);
        Assert.Equal(10, await first);
        await AssertAsync([330, 120, 310, 250], others);
        Assert.Equal(0, _one.Count);
    }

    [Fact]
    public async Task Requests_to_a_late_shard_wait_apart_and_are_never_overtaken()
    {
        _late.Add(1);
        var first = Ask(2);
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
        await AssertAsync([20, 110, 120, 130], first, late, later, latest);
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
        _clock.Advance(Options.ApartFor);
        var later = Ask(13);
        (await _many.NextAsync()).Answer();

        await AssertAsync([120, 130], soon, later);
        Assert.Equal((2, 2), (_many.Count, _one.Count));
    }

    [Fact]
    public async Task A_call_that_did_not_get_through_is_made_again_and_nothing_is_asked_twice_apart()
    {
        _late.Add(1);
        var late = Ask(11);
        (await _many.NextAsync()).Answer();
        var apart = await _one.NextAsync();
        var blocker = Ask(21);
        var blocked = await _many.NextAsync();
        var (later, other) = (Ask(12), Ask(22));
        blocked.Answer();
        (await _many.NextAsync()).Fail(new Orleans.Runtime.SiloUnavailableException("The silo has just died."));
        await Eventually.IsTrueAsync(() => _clock.NextDue <= Options.FirstBackOff);
        _clock.Advance(Options.FirstBackOff);
        (await _many.NextAsync()).Answer();
        apart.Answer();
        var next = await _one.NextAsync();
        next.Answer();

        Assert.Equal([12], next.Requests);
        await AssertAsync([110, 210, 120, 220], late, blocker, later, other);
    }

    [Fact]
    public async Task A_get_waits_no_longer_than_its_caller()
    {
        _late.Add(1);
        using var cancelling = new CancellationTokenSource();
        var late = _lanes.AskAsync(11, 1, cancelling.Token);
        (await _many.NextAsync()).Answer();
        await _one.NextAsync();
        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_of_one_request_alone()
    {
        using var cancelling = new CancellationTokenSource();
        var first = _lanes.AskAsync(1, 0, cancelling.Token);
        var call = await _many.NextAsync();
        var second = Ask(2);

        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        call.Answer();
        (await _many.NextAsync()).Answer();
        Assert.Equal(20, await second);
    }

    [Fact]
    public async Task The_time_that_a_request_waited_with_the_others_counts_when_it_is_asked_apart()
    {
        _late.Add(1);
        var late = _lanes.AskAsync(11, 1, CancellationToken.None);
        var call = await _many.NextAsync();
        _clock.Advance(Options.HedgeAfter / 2);
        call.Answer();
        await _one.NextAsync();

        _clock.Advance(Options.Timeout - (Options.HedgeAfter / 2) - TimeSpan.FromMilliseconds(1));
        Assert.False(late.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.IsType<TimeoutException>((await late).Failure);
    }

    private static async Task AssertAsync(int[] expected, params Task<int>[] requests) =>
        Assert.Equal(expected, await Task.WhenAll(requests));

    private async Task<int> Ask(int number)
    {
        var outcome = await _lanes.AskAsync(number, number / 10, CancellationToken.None);
        Assert.Null(outcome.Failure);
        return outcome.Result;
    }

    private async Task<ShardBatch<int>> CallManyAsync(IReadOnlyList<int> numbers)
    {
        var results = await _many.CallAsync(numbers);
        return new ShardBatch<int>(
            results, [.. Enumerable.Range(0, numbers.Count).Where(place => _late.Contains(numbers[place] / 10))]);
    }
}
