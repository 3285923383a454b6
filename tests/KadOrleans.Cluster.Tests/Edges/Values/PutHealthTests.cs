namespace KadOrleans.Cluster.Tests.Edges;

public sealed class PutHealthTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Puts_fail_once_none_was_decided_for_long_enough()
    {
        var puts = new PutHealth(_time);
        puts.Note(isDecided: false);
        Assert.False(puts.Fails);
        _time.Advance(PutHealth.LeastOutage - TimeSpan.FromSeconds(1));
        puts.Note(isDecided: false);
        Assert.False(puts.Fails);
        _time.Advance(TimeSpan.FromSeconds(1));
        puts.Note(isDecided: false);
        Assert.True(puts.Fails);

        puts.Note(isDecided: true);
        Assert.False(puts.Fails);
        puts.Note(isDecided: false);
        Assert.False(puts.Fails);
    }

    [Fact]
    public void A_failure_after_which_nobody_puts_anything_is_forgotten()
    {
        var puts = new PutHealth(_time);
        puts.Note(isDecided: false);
        _time.Advance(PutHealth.LeastOutage);
        puts.Note(isDecided: false);
        Assert.True(puts.Fails);
        _time.Advance(PutHealth.Memory);
        Assert.False(puts.Fails);

        // Two single failures with a quiet time between are no outage.
        puts.Note(isDecided: false);
        Assert.False(puts.Fails);
    }
}
