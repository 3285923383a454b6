namespace KadOrleans.Tests.Node;

/// <summary>What is told of upkeep while it goes on.</summary>
public sealed class SweepWatchTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _time = new();
    private readonly NodeMetrics _metrics = new();
    private readonly SweepWatch _watch;

    public SweepWatchTests() => _watch = new SweepWatch(_time, new ContactWindows(_time), _metrics, new KademliaOptions());

    [Fact]
    public void A_sweep_begins_with_the_first_value_that_waits_and_ends_with_the_last_one()
    {
        Assert.Equal((null, null, 0), (_watch.Read().BegunAt, _watch.Read().EndedAt, _watch.Read().Values));
        var begunAt = _time.GetUtcNow();
        var keys = Find(Key(0x00), Key(0x01), Key(0x80));
        _watch.Add(keys);
        _time.Advance(Minute);

        Send(keys[0]);
        keys[1].Batch.CountPublished();
        _watch.End(keys[1]);

        var half = _watch.Read();
        Assert.Equal((3, 1, 1, 1), (half.Values, half.Waiting, half.Republished, half.Published));
        Assert.Equal((2, 1, begunAt, null), (half.Regions, half.RegionsDone, half.BegunAt, half.EndedAt));

        // It was not due any more in its turn.
        _watch.End(keys[2]);
        var end = _watch.Read();
        Assert.Equal((3, 0, 1, 1, 2), (end.Values, end.Waiting, end.Republished, end.Published, end.RegionsDone));
        Assert.Equal((begunAt, begunAt + Minute), (end.BegunAt, end.EndedAt));
        Assert.Equal(2, _metrics.Totals()["sweeps.regions"]);

        // What comes while something waits is of the same sweep.
        _watch.Add(Find(Key(0x00)));
        _watch.Add(Find(Key(0xFF)));
        Assert.Equal((2, 2, begunAt + Minute, null), (_watch.Read().Values, _watch.Read().Waiting, _watch.Read().BegunAt, _watch.Read().EndedAt));
    }

    [Fact]
    public void The_most_overdue_value_that_waits_is_told_and_misses_its_interval_beyond_the_spread_and_five_minutes()
    {
        var keys = Find(Key(1), Key(2));
        keys[0] = keys[0] with { Overdue = TimeSpan.FromMinutes(8) };
        _watch.Add(keys);
        Assert.InRange(_watch.Read().Overdue, TimeSpan.FromMinutes(7), TimeSpan.FromMinutes(8));

        _time.Advance(TimeSpan.FromMinutes(7));
        Assert.False(_watch.Read().MissesInterval);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(_watch.Read().MissesInterval);

        Send(keys[0]);
        Assert.InRange(_watch.Read().Overdue, TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(9));
        Assert.False(_watch.Read().MissesInterval);
        Send(keys[1]);
        Assert.Equal(TimeSpan.Zero, _watch.Read().Overdue);
    }

    [Fact]
    public void A_value_that_the_last_look_did_not_find_is_overdue_only_since_then()
    {
        // The first look: since the start.
        _time.Advance(TimeSpan.FromHours(3));
        Assert.Equal(TimeSpan.FromMinutes(190), Look(isComplete: true).MostOverdue);

        _time.Advance(Minute);
        var batch = Look(isComplete: true);
        Assert.Equal(TimeSpan.FromMinutes(11), batch.Bound(TimeSpan.FromHours(20)));
        Assert.Equal(Minute, batch.Bound(Minute));

        // After one that left some out, or could not send all, it counts from the one before that.
        _time.Advance(Minute);
        Look(isComplete: false);
        _time.Advance(Minute);
        Assert.Equal(TimeSpan.FromMinutes(12), Look(isComplete: true).MostOverdue);
        _watch.Fail(Find(Key(1))[0]);
        _time.Advance(Minute);
        Assert.Equal(TimeSpan.FromMinutes(13), Look(isComplete: true).MostOverdue);
        _time.Advance(Minute);
        Assert.Equal(TimeSpan.FromMinutes(11), Look(isComplete: true).MostOverdue);
    }

    [Fact]
    public void How_late_the_most_overdue_value_went_out_is_told_of_its_sweep()
    {
        var keys = Find(Key(1), Key(2), Key(3));
        _watch.Add(keys);
        _watch.RaiseLateness(keys[0], TimeSpan.FromMinutes(3));
        _watch.RaiseLateness(keys[1], TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.FromMinutes(3), _watch.Read().Lateness);

        // No later than the node can know.
        _time.Advance(Minute);
        _watch.RaiseLateness(keys[2], TimeSpan.FromHours(9));
        Assert.Equal(TimeSpan.FromMinutes(11), _watch.Read().Lateness);

        Array.ForEach(keys, _watch.End);
        Assert.Equal(TimeSpan.FromMinutes(11), _watch.Read().Lateness);
        _watch.Add(Find(Key(4)));
        Assert.Equal(TimeSpan.Zero, _watch.Read().Lateness);
    }

    [Fact]
    public void A_value_that_nobody_answered_goes_on_being_overdue_until_a_look_has_found_all_that_is_due()
    {
        var swept = Find(Key(1))[0] with { IsDue = static (_, _) => true };
        _watch.Add([swept]);
        _watch.Fail(swept);
        _watch.End(swept);
        _time.Advance(TimeSpan.FromMinutes(17));
        Look(isComplete: false);
        _watch.EndUnsent(swept);

        Assert.Equal((0, TimeSpan.FromMinutes(16), true), (_watch.Read().Waiting, _watch.Read().Overdue, _watch.Read().MissesInterval));
        Look(isComplete: true);
        Assert.Equal(TimeSpan.Zero, _watch.Read().Overdue);
    }

    [Fact]
    public void At_an_edge_it_is_overdue_until_somebody_answers()
    {
        var swept = Find(Key(1))[0] with { IsDue = static (_, _) => true, IsOffered = true };
        _watch.Add([swept]);
        _watch.Fail(swept);
        _watch.End(swept);
        _time.Advance(TimeSpan.FromMinutes(17));

        Assert.True(_watch.Read().MissesInterval);
        _watch.EndUnsent(swept);
        Assert.Equal(TimeSpan.Zero, _watch.Read().Overdue);

        // It fails again each hour, and then gets no more.
        for (var hours = 0; hours < 3; hours++)
        {
            _watch.Fail(swept);
            _time.Advance(TimeSpan.FromHours(1));
        }

        Assert.InRange(_watch.Read().Overdue, TimeSpan.FromHours(3), TimeSpan.FromHours(4));
        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(TimeSpan.Zero, _watch.Read().Overdue);
    }

    /// <summary>What goes out since a cut is over, and a publication that goes out at once.</summary>
    [Fact]
    public void What_is_not_due_by_its_age_is_not_overdue()
    {
        _watch.Fail(Find(Key(1))[0]);
        _watch.Fail(new SweptKey(Key(1), static (_, _) => false, RepublishBatch.None));
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(TimeSpan.Zero, _watch.Read().Overdue);
    }

    [Fact]
    public void It_looks_until_each_look_that_was_asked_for_has_ended()
    {
        _watch.RequestCheck();
        _watch.BeginCheck();
        _watch.RequestCheck();
        _watch.EndCheck(isComplete: true);
        Assert.True(_watch.Read().IsLooking);
        _watch.EndCheck(isComplete: true);
        Assert.False(_watch.Read().IsLooking);
    }

    private RepublishBatch Look(bool isComplete)
    {
        _watch.RequestCheck();
        var batch = new RepublishBatch(static () => { }, _watch) { MostOverdue = _watch.BeginCheck() };
        _watch.EndCheck(isComplete);
        return batch;
    }

    private SweptKey[] Find(params NodeId[] keys)
    {
        var batch = new RepublishBatch(static () => { }, _watch) { Depth = 1, MostOverdue = TimeSpan.FromMinutes(10) };
        return [.. keys.Select(key => new SweptKey(key, null, batch))];
    }

    private void Send(SweptKey swept)
    {
        swept.Batch.CountRepublished();
        _watch.End(swept);
    }

    private static NodeId Key(byte first) => NodeId.Parse($"{first:x2}{new string('0', 38)}");
}
