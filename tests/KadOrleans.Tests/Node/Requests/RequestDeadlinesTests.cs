namespace KadOrleans.Tests.Node;

public sealed class RequestDeadlinesTests
{
    private readonly SimulatedWorld _world = new(seed: 8);

    [Fact]
    public void Each_is_told_at_its_time_and_one_that_left_or_ended_or_came_too_late_is_not() => _world.Run(async () =>
    {
        var due = new List<(OutgoingRequest Request, TimeSpan At)>();
        var deadlines = new RequestDeadlines(
            _world.Clock, request => due.Add((request, _world.Clock.Elapsed)), fault => Assert.Fail(fault.ToString()));
        var (early, late, gone, ended) = (Request(), Request(), Request(), Request());
        Assert.True(deadlines.TryAdd(late, TimeSpan.FromSeconds(3)));
        Assert.True(deadlines.TryAdd(gone, TimeSpan.FromSeconds(1)));
        Assert.True(deadlines.TryAdd(early, TimeSpan.FromSeconds(2)));

        deadlines.Remove(gone);
        ended.TryEnd();
        Assert.True(deadlines.TryAdd(ended, TimeSpan.FromSeconds(1)));
        Assert.Equal(2, deadlines.Count);
        await _world.PassAsync(TimeSpan.FromSeconds(10));

        Assert.Equal([(early, TimeSpan.FromSeconds(2)), (late, TimeSpan.FromSeconds(3))], due);
        Assert.Equal(0, deadlines.Count);

        deadlines.TryAdd(Request(), TimeSpan.FromSeconds(1));
        deadlines.Dispose();
        Assert.False(deadlines.TryAdd(Request(), TimeSpan.FromSeconds(1)));
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(2, due.Count);
    });

    [Fact]
    public void Requests_that_ended_leave_nothing_that_waits()
    {
        var observer = Fake.Of<IRequestObserver>((_, _) => null);
        using var table = new RequestTable(_world.Network.Bind(), _world.Clock, _world.Random, observer);
        var calls = Enumerable.Range(0, 50).Select(_ => Request()).ToList();
        calls.ForEach(table.Send);
        Assert.Equal(50, table.Waiting);

        calls.ForEach(table.Cancel);

        Assert.Equal((0, 0), (table.Count, table.Waiting));
    }

    private static PingCall Request() => new(UdpEndpoint.Parse("11.0.0.9:1"), null, default, (_, _, _) => { });
}
