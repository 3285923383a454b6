namespace KadOrleans.Lab;

/// <summary>What it cost to keep values alive, and how well they were kept. The same settings give the same, but for <see cref="Machine"/>.</summary>
/// <param name="Settings">What was simulated.</param>
/// <param name="Simulated">How long the network ran.</param>
/// <param name="LiveNodes">Nodes that answer at the end.</param>
/// <param name="Sends">What was sent of the values.</param>
/// <param name="Counted">Held values sent as the nodes themselves count them.</param>
/// <param name="Lookups">Lookups of all nodes, those of joins left out.</param>
/// <param name="Traffic">Datagrams of all nodes.</param>
/// <param name="Held">Shares of each living value's k nearest living nodes that hold it.</param>
/// <param name="Left">Of the contacts in all tables, the shares that answered no more, each time that the values were looked at.</param>
/// <param name="Lost">Values that nobody holds at the end.</param>
/// <param name="Machine">What the run took of the machine.</param>
public sealed record UpkeepReport(
    UpkeepSettings Settings,
    TimeSpan Simulated,
    int LiveNodes,
    UpkeepSends Sends,
    long Counted,
    long Lookups,
    UpkeepTraffic Traffic,
    HeldShares Held,
    IReadOnlyList<double> Left,
    int Lost,
    UpkeepMachine Machine)
{
    /// <summary>Lookups to values sent; null if none was sent.</summary>
    public double? LookupsPerValue => Ratio(Lookups, Sends.Republished);

    /// <summary>All datagrams to those of STOREs and their answers; null without a STORE.</summary>
    public double? DatagramsPerStore => Ratio(Traffic.Total, Traffic.OfStores);

    /// <summary>STOREs of one sending of a value; null if none was sent.</summary>
    public double? StoresPerRepublish => Ratio(Sends.StoresOfRepublished, Sends.Republished);

    /// <summary>STOREs for each value and hour; null without values, and in a run that ends once all is sent.</summary>
    public double? StoresPerValueAndHour => Settings.IsOfOne ? null : Ratio(Sends.Stores / Simulated.TotalHours, Settings.Values);

    /// <summary>The same of each hour, the last of which may be a part of one.</summary>
    public IReadOnlyList<double> StoresPerValueByHour => [.. Sends.StoresByHour.Select(stores => Ratio(stores, Settings.Values) ?? 0)];

    private static double? Ratio(double count, double of) => of > 0 ? count / of : null;
}

/// <summary>Datagrams by type of request. Retries count, as do pings for tokens and proofs, and lookups.</summary>
/// <param name="Ping">PINGs.</param>
/// <param name="FindNode">FIND_NODEs.</param>
/// <param name="FindValue">FIND_VALUEs.</param>
/// <param name="Store">STOREs.</param>
/// <param name="Answers">Answers to all of these.</param>
/// <param name="OfStores">STOREs and their answers.</param>
/// <param name="LeftOut">Datagrams that are no upkeep of values, and in none of the others: those of joins, and STUN with its answers.</param>
public sealed record UpkeepTraffic(long Ping, long FindNode, long FindValue, long Store, long Answers, long OfStores, long LeftOut)
{
    public long Total => Ping + FindNode + FindValue + Store + Answers;

    internal static UpkeepTraffic Of(TrafficMeter meter)
    {
        TrafficCount Of(RequestKind kind) => meter[kind];

        RequestKind[] counted = [RequestKind.Ping, RequestKind.FindNode, RequestKind.FindValue, RequestKind.Store];
        return new UpkeepTraffic(
            Of(RequestKind.Ping).Requests,
            Of(RequestKind.FindNode).Requests,
            Of(RequestKind.FindValue).Requests,
            Of(RequestKind.Store).Requests,
            counted.Sum(kind => Of(kind).Answers) + meter.Other.Datagrams,
            Of(RequestKind.Store).Datagrams,
            meter.Apart.Datagrams + Of(RequestKind.Stun).Datagrams);
    }
}

/// <summary>What a run took of the machine, without the building of the network; the memory is the most that the process ever had.</summary>
public readonly record struct UpkeepMachine(double ProcessorSeconds, double WallSeconds, double Gigabytes);
