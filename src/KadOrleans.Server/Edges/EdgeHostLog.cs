using System.Net;

namespace KadOrleans.Server;

/// <summary>The log messages of a process that is only an edge: docs/telemetry.md, Events.</summary>
internal static partial class EdgeHostLog
{
    [LoggerMessage(6230, LogLevel.Information, "Health is served on {Address}")]
    public static partial void StatusServed(this ILogger logger, string address);

    [LoggerMessage(6233, LogLevel.Information, "The API is served below {Address}/v1, to {Callers}; the console is on the silos")]
    public static partial void ApiServed(this ILogger logger, string address, string callers);

    [LoggerMessage(6231, LogLevel.Warning, "No silo has been reached yet by {Setting} in the cluster '{ClusterId}' (Orleans:ClusterId); retrying each second: {Problem}")]
    public static partial void SilosNotFound(this ILogger logger, string setting, string clusterId, string problem);

    [LoggerMessage(6232, LogLevel.Warning, "/status is not served: {Address} is reached from other machines; it is served on loopback only")]
    public static partial void StatusNotServed(this ILogger logger, IPEndPoint address);
}
