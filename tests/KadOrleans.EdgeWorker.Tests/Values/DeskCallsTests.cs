using KadOrleans.EdgeWorker.Values;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Simulation;
using KadOrleans.Testing;

namespace KadOrleans.EdgeWorker.Tests.Values;

/// <summary>A lane of three and the desks that its calls go to.</summary>
public sealed class DeskCallsTests
{
    private static readonly GrainKeyStoreOptions Options = new() { Lanes = 3 };

    private readonly ManualTimeProvider _clock = new();
    private readonly PendingCalls _calls = new();
    private readonly List<long> _desks = [];
    private readonly DeskCalls<int, int> _calling;

    public DeskCallsTests() => _calling = new DeskCalls<int, int>(CallAsync, 1, Options, _clock);

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
        var asked = _calling.AskAsync([7]);
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
            var asked = _calling.AskAsync([7]);
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
        var asked = _calling.AskAsync([7]);
        (await _calls.NextAsync()).Fail(new InvalidOperationException("gone"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => asked);
        await AskAndAnswerAsync();

        Assert.Equal([1, 4], _desks);
    }

    private async Task AskAndAnswerAsync()
    {
        var asked = _calling.AskAsync([7]);
        (await _calls.NextAsync()).Answer();
        Assert.Equal([70], (await asked).Results);
    }

    private async Task<ShardBatch<int>> CallAsync(long desk, IReadOnlyList<int> numbers)
    {
        _desks.Add(desk);
        return new ShardBatch<int>(await _calls.CallAsync(numbers), []);
    }
}
