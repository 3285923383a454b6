namespace KadOrleans.Cluster.Tests.Edges;

public sealed class PutHealthTests
{
    private const int Shards = 256;

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Puts_fail_once_none_was_decided_for_long_enough()
    {
        var puts = new PutHealth(_time);
        puts.Record(0, Shards, isDecided: false);
        Assert.False(puts.Fails);
        _time.Advance(PutHealth.LeastOutage - TimeSpan.FromSeconds(1));
        puts.Record(1, Shards, isDecided: false);
        Assert.False(puts.Fails);
        _time.Advance(TimeSpan.FromSeconds(1));
        puts.Record(2, Shards, isDecided: false);
        Assert.True(puts.Fails);

        puts.Record(0, Shards, isDecided: true);
        Assert.False(puts.Fails);
        puts.Record(1, Shards, isDecided: false);
        Assert.False(puts.Fails);
    }

    [Fact]
    public void A_failure_after_which_nobody_puts_anything_is_forgotten()
    {
        var puts = new PutHealth(_time);
        puts.Record(0, Shards, isDecided: false);
        _time.Advance(PutHealth.LeastOutage);
        puts.Record(1, Shards, isDecided: false);
        puts.Record(2, Shards, isDecided: false);
        Assert.True(puts.Fails);
        _time.Advance(PutHealth.Memory);
        Assert.False(puts.Fails);

        // Two single failures with a quiet time between are no outage.
        puts.Record(0, Shards, isDecided: false);
        Assert.False(puts.Fails);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(256, false)]
    public void One_shard_that_fails_all_puts_says_nothing_of_others(int shards, bool fails)
    {
        var puts = new PutHealth(_time);
        for (var i = 0; i < 10; i++)
        {
            puts.Record(0, shards, isDecided: false);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(fails, puts.Fails);
        puts.Record(1, shards, isDecided: false);
        puts.Record(2, shards, isDecided: false);
        Assert.True(puts.Fails);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(256, false)]
    public void Two_shards_may_be_of_one_silo_whose_machine_vanished(int shards, bool fails)
    {
        var puts = new PutHealth(_time);
        puts.Record(0, shards, isDecided: false);
        puts.Record(1, shards, isDecided: false);
        _time.Advance(PutHealth.LeastOutageOfTwo - TimeSpan.FromSeconds(1));
        puts.Record(0, shards, isDecided: false);
        Assert.Equal(fails, puts.Fails);
        _time.Advance(TimeSpan.FromSeconds(1));
        puts.Record(1, shards, isDecided: false);
        Assert.True(puts.Fails);
    }
}
