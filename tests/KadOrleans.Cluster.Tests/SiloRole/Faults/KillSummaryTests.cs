namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class KillSummaryTests
{
    [Fact]
    public void A_kill_is_judged_by_its_seconds()
    {
        // The kill falls into second 1; all is well from second 5 on, but for the silo's start in second 8.
        var counts = Counts(100, 40, 0, 60, 90, 100, 100, 100, 80, 100, 100, 100);

        var kill = KillSummary.Of(counts, killed: 1, started: 8, end: 12, "silo 1", [4, 2, 2]);

        Assert.Equal((0.0, 0.0, 0.8, 1, 4), (kill.LeastFindValue, kill.LeastStore, kill.LeastAfterStart, kill.SilentSeconds, kill.SecondsToStore));
    }

    [Fact]
    public void A_service_that_does_not_come_back_has_no_recovery() =>
        Assert.Null(KillSummary.Of(Counts(100, 50, 50, 50), killed: 1, started: 3, end: 4, "silo 1", []).SecondsToStore);

    [Fact]
    public void What_is_answered_late_counts_as_not_answered_for_a_node_that_waits_a_second()
    {
        // All is answered, but of 100 calls these soon.
        var counts = Counts(Enumerable.Repeat(100, 8).ToArray());
        foreach (var (second, soon) in ((int[])[100, 60, 90, 96, 96, 96, 94, 100]).Index())
        {
            for (var call = 0; call < soon; call++)
            {
                counts.Add(second, CallKind.FindValue, new CallCounts { Soon = 1, SoonWithValue = 1 });
                counts.Add(second, CallKind.Store, new CallCounts { Soon = 1 });
            }

            counts.Add(second, CallKind.FindValue, new CallCounts { Known = 2, KnownSoon = 1 });
        }

        var kill = SoonSummary.Of(counts, killed: 1, end: 8, "silo 1");

        Assert.Equal((0.6, 3, 0.5), (kill.LeastFindValue, kill.BadFindValue, kill.LeastKnown));
        Assert.Equal((0.6, 3, 2), (kill.LeastStore, kill.BadStore, kill.SecondsToStore));
        Assert.Null(SoonSummary.Of(counts, killed: 1, end: 5, "silo 1").SecondsToStore);
    }

    [Fact]
    public void A_picture_has_a_point_for_each_whole_second()
    {
        var picture = CurvePicture.Draw(Counts(100, 0, 100, 100), [new CurveMark(1, "silo 1 killed", true)], "Title");

        Assert.Contains("silo 1 killed", picture, StringComparison.Ordinal);
        var points = picture.Split("points=\"")[1].Split('"')[0].Split(' ');
        Assert.Equal(["40.0", "290.0", "40.0"], points.Select(point => point.Split(',')[1]));
    }

    private static SecondCounts Counts(params int[] percents)
    {
        var counts = new SecondCounts();
        for (var second = 0; second < percents.Length; second++)
        {
            for (var call = 0; call < 100; call++)
            {
                foreach (var kind in (CallKind[])[CallKind.FindValue, CallKind.Store])
                {
                    counts.Add(second, kind, new CallCounts { Sent = 1, Answered = call < percents[second] ? 1 : 0 });
                }
            }
        }

        return counts;
    }
}
