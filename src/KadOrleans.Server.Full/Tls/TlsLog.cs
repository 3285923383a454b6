namespace KadOrleans.Server.Full;

/// <summary>The log messages of TLS: docs/telemetry.md, Events.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(7400, LogLevel.Information, "New connections present the renewed certificate {Subject}, which expires at {End:yyyy-MM-dd HH:mm} UTC")]
    public static partial void CertificateRenewed(this ILogger logger, string subject, DateTime end);

    [LoggerMessage(7401, LogLevel.Warning,
        "The certificate on the disk or in the store cannot be used, and new connections present the previous one, which expires at {End:yyyy-MM-dd HH:mm} UTC: {Problem}")]
    public static partial void CertificateNotRenewed(this ILogger logger, string problem, DateTime end);

    [LoggerMessage(7403, LogLevel.Error,
        "The certificate {Subject} expired at {End:yyyy-MM-dd HH:mm} UTC, and others refuse new connections: replace it")]
    public static partial void CertificateEnded(this ILogger logger, string subject, DateTime end);
}
