using KadOrleans.EdgeWorker.Values;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Simulation;
using KadOrleans.Testing;

namespace KadOrleans.EdgeWorker.Tests.Values;

/// <summary>A lane of three and the desks that its calls go to. The shard of a request is its tens.</summary>
public sealed class DeskCallsTests
{
    private static readonly GrainKeyStoreOptions Options = new() { Lanes = 3 };

    private readonly ManualTimeProvider _clock = new();
    private readonly PendingCalls _calls = new();
    private readonly List<long> _desks = [];
    private readonly Dictionary<long, SiloAddress> _silos = [];
    private readonly Dictionary<long, SiloAddress> _shards = [];
    private readonly DeskCalls<int, int> _calling;

    public DeskCallsTests() =>
        _calling = new DeskCalls<int, int>(CallAsync, shard => _shards.GetValueOrDefault(shard), new SiloDesks(_clock), 1, Options, _clock);

    [Fact]
    public async Task Calls_go_through_one_desk_and_through_another_after_a_while()
    {
        await AskAndAnswerAsync();
        await AskAndAnswerAsync();
        _clock.Advance(Options.DeskFor);
        await AskAndAnswerAsync();

        Assert.Equal([1, 1, 4], _desks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_late_call_is_also_made_through_another_desk_and_the_first_response_counts(bool isFirst)
    {
        var asked = AskAsync(7);
        var late = await _calls.NextAsync();
        await Eventually.IsTrueAsync(() => _clock.NextDue <= Options.HedgeAfter);
        _clock.Advance(Options.HedgeAfter);
        var hedge = await _calls.NextAsync();
        (isFirst ? late : hedge).Answer();

        Assert.Equal([70], (await asked).Results);
        Assert.Equal([1, 4], _desks);

        // The desk that was late is left alone, whatever comes of its call.
        (isFirst ? hedge : late).Fail(new TimeoutException());
        await AskAndAnswerAsync();
        Assert.Equal([1, 4, 4], _desks);
    }

    [Fact]
    public async Task A_hedged_call_fails_only_if_both_calls_fail()
    {
        foreach (var fails in new[] { false, true })
        {
            var asked = AskAsync(7);
            var late = await _calls.NextAsync();
            await Eventually.IsTrueAsync(() => _clock.NextDue is not null);
            _clock.Advance(Options.HedgeAfter);
            var hedge = await _calls.NextAsync();
            late.Fail(new TimeoutException("late"));
            if (fails)
            {
                hedge.Fail(new TimeoutException("hedge"));
                await Assert.ThrowsAsync<TimeoutException>(() => asked);
            }
            else
            {
                hedge.Answer();
                Assert.Equal([70], (await asked).Results);
            }
        }
    }

    [Fact]
    public async Task After_a_failure_the_next_call_goes_through_another_desk()
    {
        var asked = AskAsync(7);
        (await _calls.NextAsync()).Fail(new InvalidOperationException("gone"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => asked);
        await AskAndAnswerAsync();

        Assert.Equal([1, 4], _desks);
    }

    [Fact]
    public async Task Requests_go_to_a_desk_at_the_silo_of_their_shard_once_one_is_known()
    {
        (_silos[1], _silos[-1], _silos[-2]) = (Silos.At(1), Silos.At(1), Silos.At(2));
        (_shards[1], _shards[2]) = (Silos.At(1), Silos.At(2));

        // The lane's own desk turns out to be at the first silo. So is the first new one, and the next is at the second silo.
        await AskAndAnswerAsync(21);
        await AskAndAnswerAsync(21);
        await AskAndAnswerAsync(21);
        _clock.Advance(SiloDesks.TriesEvery);
        await AskAndAnswerAsync(21);
        await AskAndAnswerAsync(21);
        await AskAndAnswerAsync(11);
        Assert.Equal([1, -1, 1, -2, -2, 1], _desks);
    }

    [Fact]
    public async Task Requests_for_two_silos_are_two_calls_with_results_in_the_order_of_the_requests()
    {
        await KnowTwoSilosAsync();
        var asked = AskAsync(11, 21, 31, 12, 22);
        var (own, other) = (await _calls.NextAsync(), await _calls.NextAsync());
        Assert.Equal([11, 31, 12], own.Requests);
        Assert.Equal([21, 22], other.Requests);
        other.Answer();
        Assert.False(asked.IsCompleted);
        own.Answer();

        var batch = await asked;
        Assert.Equal([110, 210, 310, 120, 220], batch.Results);
        Assert.Equal([1, 4], batch.Unanswered);
    }

    [Fact]
    public async Task A_late_desk_of_a_silo_is_left_for_the_own_one()
    {
        await KnowTwoSilosAsync();
        var asked = AskAsync(21);
        var late = await _calls.NextAsync();
        await Eventually.IsTrueAsync(() => _clock.NextDue is not null);
        _clock.Advance(Options.HedgeAfter);
        (await _calls.NextAsync()).Answer();
        Assert.Equal([210], (await asked).Results);
        late.Fail(new TimeoutException());

        // Another desk is tried then.
        _clock.Advance(SiloDesks.TriesEvery);
        await AskAndAnswerAsync(21);
        Assert.Equal([1, -1, -1, 1, -2], _desks);
    }

    // Shard 1 is on the silo of the own desk, shard 2 on the one of desk -1. Nobody knows where shard 3 is.
    private async Task KnowTwoSilosAsync()
    {
        (_silos[1], _silos[-1]) = (Silos.At(1), Silos.At(2));
        (_shards[1], _shards[2]) = (Silos.At(1), Silos.At(2));
        await AskAndAnswerAsync(11);
        await AskAndAnswerAsync(21);
    }

    private Task<ShardBatch<int>> AskAsync(params int[] numbers) =>
        _calling.AskAsync([.. numbers.Select(number => new ShardRequest<int, int>(number, number / 10, since: 0))]);

    private async Task AskAndAnswerAsync(int number = 7)
    {
        var asked = AskAsync(number);
        (await _calls.NextAsync()).Answer();
        Assert.Equal([10 * number], (await asked).Results);
    }

    private async Task<ShardBatch<int>> CallAsync(long desk, IReadOnlyList<int> numbers)
    {
        _desks.Add(desk);
        var results = await _calls.CallAsync(numbers);
        return new ShardBatch<int>(
            results, [.. Enumerable.Range(0, numbers.Count).Where(place => numbers[place] / 10 == 2)], _silos.GetValueOrDefault(desk));
    }
}
