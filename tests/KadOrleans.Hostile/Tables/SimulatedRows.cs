using KadOrleans.Hostile.Simulated;
using KadOrleans.Simulation.Attackers;
using KadOrleans.Simulation.Experiments;
using KadOrleans.Wire;

namespace KadOrleans.Hostile.Tables;

/// <summary>What each simulated attack comes to.</summary>
internal sealed class SimulatedRows(RowList rows, int seed)
{
    private static readonly AttackerSpread[] Spreads =
        [AttackerSpread.OneHost, AttackerSpread.OneSubnet, AttackerSpread.ManyNetworks];

    private static readonly int[] Rates = [0, 2_500, 5_000, 10_000, 20_000, 50_000];

    private static readonly RequestKind?[] Kinds = [RequestKind.FindNode, RequestKind.FindValue, RequestKind.Store, null];

    /// <summary>Runs and writes all.</summary>
    public void Write()
    {
        WriteDeception();
        WriteSybils();
        WritePublication();
        WriteFill();
        WriteNewcomers();
        WriteAmplification();
        WriteContacts();
        WriteContactLiars();
    }

    private void WriteDeception()
    {
        rows.Begin("gets of 100 that return the liars' value (requests each); 100 nodes, 20 hold the value");
        foreach (var spread in Spreads)
        {
            for (var liars = 0; liars <= 8; liars++)
            {
                var result = DeceptionTrial.Run(seed, liars, spread, gets: 100);
                rows.Add($"{spread}, {liars} liars", $"{result.Deceived} ({result.Requests:0.0}), {result.Missed} without a value");
            }
        }
    }

    private void WriteSybils()
    {
        rows.Begin("64 sybils beside a key, one of them known");
        foreach (var spread in Spreads)
        {
            var result = SybilTrial.Run(seed, sybils: 64, spread);
            rows.Add($"{spread}: sybils among the nearest found", $"{result.SybilsFound} of {result.Found}");
            rows.Add($"{spread}: copies of a set at sybils", $"{result.SybilStores} of {result.Stores}");
        }
    }

    private void WritePublication()
    {
        rows.Begin("a publication after 27 h");
        foreach (var liars in new[] { 0, 2, 8 })
        {
            var result = PublicationTrial.Run(seed, liars, AttackerSpread.OneHost);
            rows.Add(
                $"{liars} liars on one host",
                $"the publisher keeps it: {result.PublisherKeepsTruth}; renewed at {result.Renewed} of 20; {result.Deceived} honest nodes hold the lie");
        }
    }

    private void WriteFill()
    {
        rows.Begin($"{2 * FillTrial.Quota} STOREs at a node for {FillTrial.Quota} keys, and what honest peers get then");
        foreach (var spread in new[] { AttackerSpread.OneSubscriber, AttackerSpread.ManyNetworks })
        {
            foreach (var answers in new[] { false, true })
            {
                var result = FillTrial.Run(seed, spread, sources: 160, answers);
                rows.Add(
                    $"{spread}, {(answers ? "answering" : "not answering")} pings",
                    $"{result.FillerAccepted} accepted; then {result.HonestAccepted} of {result.HonestSent} honest ones, own value kept: {result.OwnAccepted}, earlier value kept: {result.HeldBefore}");
            }
        }

        var few = FillTrial.Run(seed, AttackerSpread.ManyNetworks, sources: 16, answersPings: true);
        rows.Add(
            $"16 networks, answering pings",
            $"{few.FillerAccepted} accepted; then {few.HonestAccepted} of {few.HonestSent} honest ones, own value kept: {few.OwnAccepted}, earlier value kept: {few.HeldBefore}");
        rows.Add($"a held value after one forged STORE", $"{OverwriteTrial.Overwrite(seed)}");
        rows.Add($"STOREs taken of 20 after forged ones used up their address's quota", $"{OverwriteTrial.UseUpQuota(seed)}");
    }

    private void WriteNewcomers()
    {
        rows.Begin("newcomers of 240 that ask once in 10 s of forged requests: got contacts / the full list");
        foreach (var kind in Kinds)
        {
            foreach (var rate in Rates)
            {
                var result = NewcomerTrial.Run(seed, kind, rate, 240, TimeSpan.FromSeconds(10));
                rows.Add($"{kind?.ToString() ?? "mixed"}, {rate} per second", $"{result.Answered} / {result.Full}");
            }
        }
    }

    private void WriteAmplification()
    {
        rows.Begin("bytes in and out for one datagram of an unproven, silent endpoint; ratio");
        foreach (var drawn in AmplificationTrial.Run(seed))
        {
            rows.Add($"{drawn.Call}", $"{drawn.Sent} → {drawn.Drawn} in {drawn.Datagrams}: {drawn.Ratio:0.00}");
        }

        var perSecond = AmplificationTrial.TowardsProven(seed, 4_900, TimeSpan.FromSeconds(10));
        rows.Add($"towards a proven endpoint, 4900 forged FIND_VALUE of 8 KB per second for 10 s", $"{perSecond / 1e6:0.00} MB/s");
    }

    private void WriteContacts()
    {
        rows.Begin("contacts");
        foreach (var spread in Spreads)
        {
            var result = TableTrial.Run(seed, sybils: 60, spread);
            rows.Add(
                $"60 sybils at a full bucket, {spread}",
                $"{result.Stayed} of 20 honest contacts stay, {result.Pinged} of 40 later newcomers are pinged");
        }

        rows.Add($"datagrams to 10.9.9.9 on a contact's word, 20 lookups", $"{RebindingTrial.Run(seed, 0x0A09_0909)}");
        rows.Add($"datagrams to one public host on a contact's word, 20 lookups", $"{RebindingTrial.Run(seed, 0x0809_0909)}");
        var unresponsive = UnresponsiveTrial.Run(seed, slow: 10, silent: 10, gets: 100);
        rows.Add(
            $"10 slow and 10 silent peers around a key",
            $"{unresponsive.Found} of 100 gets found it, the longest in {unresponsive.Longest.TotalSeconds:0.0} s, at most {unresponsive.MostAsked} asked");
    }

    private void WriteContactLiars()
    {
        rows.Begin("liars about contacts, 500 nodes, 500 lookups");
        foreach (var share in new[] { 0.0, 0.1, 0.2, 0.3, 0.5 })
        {
            var report = new NetworkSimulation(new SimulationSettings { Nodes = 500, Lookups = 500, Liars = share, Seed = seed }).Run();
            rows.Add(
                $"{share:0%} liars",
                $"nearest found {report.Success:0.0%}; requests {report.Requests.Mean:0.0}, at most {report.Requests.Max:0}; size {report.Size?.Nodes:0.###e0}");
        }
    }
}
