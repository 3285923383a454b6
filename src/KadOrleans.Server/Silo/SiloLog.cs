using System.Net;

namespace KadOrleans.Server;

/// <summary>The silo process's log messages: docs/telemetry.md, Events. An edge logs what is of connections, too.</summary>
internal static partial class SiloLog
{
    [LoggerMessage(7000, LogLevel.Warning,
        "The dashboard and /status are not served: {Address} is reached from other machines, and Kad:Dashboard:User and Kad:Dashboard:Password are not set")]
    public static partial void DashboardNotServed(ILogger logger, IPEndPoint address);

    [LoggerMessage(7001, LogLevel.Warning, "A response of /status lacks the settings and edges, as the grain that knows them did not answer: {Problem}")]
    public static partial void StatusIncomplete(ILogger logger, string problem);

    [LoggerMessage(7004, LogLevel.Error, "Grain storage does not answer: no STORE is acknowledged until it does ({Problem})")]
    public static partial void StorageAway(ILogger logger, string problem);

    [LoggerMessage(7008, LogLevel.Warning, "Grain storage is slow: a read takes more than {Seconds} s, and STOREs are given up after 4 s")]
    public static partial void StorageSlow(ILogger logger, double seconds);

    [LoggerMessage(7006, LogLevel.Debug, "The silo's clock was not compared: {Problem}")]
    public static partial void ClockNotCompared(ILogger logger, string problem);

    [LoggerMessage(7005, LogLevel.Information, "Grain storage answers again")]
    public static partial void StorageBack(ILogger logger);

    [LoggerMessage(7012, LogLevel.Error, "Grain storage refuses writes: no STORE is acknowledged until it takes them again ({Problem})")]
    public static partial void WritesRefused(ILogger logger, string problem);

    [LoggerMessage(7013, LogLevel.Warning,
        "An earlier silo of this address, {Silo}, started when a clock was ahead; this one takes the generation above, and goes on in its place")]
    public static partial void LaterGeneration(ILogger logger, SiloAddress silo);

    [LoggerMessage(7011, LogLevel.Warning,
        "The silo {Silo} is declared dead: it does not answer, and seemed to live until {Time}, as a clock was ahead")]
    public static partial void SilentAhead(ILogger logger, SiloAddress silo, DateTime time);

    [LoggerMessage(7009, LogLevel.Warning, "{Problem}")]
    public static partial void ConnectionRefused(ILogger logger, string problem);

    [LoggerMessage(7014, LogLevel.Error,
        "The cluster's table of members has lost the row of this silo, {Silo}, which ends: others that start do not know of it")]
    public static partial void RowLost(ILogger logger, SiloAddress silo);

    [LoggerMessage(7015, LogLevel.Warning,
        "The cluster's table of members lost writes: it had version {Version}, this silo knew {Known}, and it has {Raised} now: silos read it again")]
    public static partial void TableRaised(ILogger logger, int version, long known, int raised);

    [LoggerMessage(7016, LogLevel.Warning,
        "Another process took a port that was chosen for Kad:Silo:Port=0 or Kad:Silo:GatewayPort=0 before it was listened on; the start is tried again with others")]
    public static partial void PortTaken(ILogger logger);

    [LoggerMessage(7017, LogLevel.Warning, "The silo {Silo} is lost: others declared it dead, and none has started in its place")]
    public static partial void SiloLost(ILogger logger, SiloAddress silo);

    [LoggerMessage(7018, LogLevel.Information, "The silo {Silo} counts as lost no more: another one has started in its place, or it was lost a day ago")]
    public static partial void SiloReplaced(ILogger logger, SiloAddress silo);
}
