namespace KadOrleans.Http;

// A process's certificate, read again for each connection. If the renewed one cannot be used, the previous one stays in use. The reader
// returns what it is given if nothing has changed, and throws a sentence if it cannot be used.
internal class RenewedCertificate<T>(Func<T?, T> read, T first, TimeProvider time, ILogger logger)
    where T : PresentedCertificate
{
    // Guards the fields below.
    private readonly Lock _gate = new();
    private T _current = first;
    private string? _told;
    private bool _isEndTold;

    public T Get()
    {
        lock (_gate)
        {
            try
            {
                var next = read(_current);
                if (next != _current)
                {
                    (_current, _isEndTold) = (next, false);
                    logger.CertificateRenewed(next.Subject, next.Certificate.NotAfter.ToUniversalTime());
                }

                _told = null;
            }
            catch (OptionsValidationException mistake)
            {
                // Logged once. A file that is being replaced is read again at the next connection.
                var problem = mistake.Failures.First();
                if (problem != _told)
                {
                    _told = problem;
                    logger.CertificateNotRenewed(problem, _current.Certificate.NotAfter.ToUniversalTime());
                }
            }

            if (!_isEndTold && _current.Certificate.NotAfter < time.GetUtcNow())
            {
                _isEndTold = true;
                logger.CertificateEnded(_current.Subject, _current.Certificate.NotAfter.ToUniversalTime());
            }

            return _current;
        }
    }
}

/// <summary>Its log messages: docs/telemetry.md, Events.</summary>
internal static partial class CertificateLog
{
    [LoggerMessage(
        8136, LogLevel.Information, "New connections present the renewed certificate {Subject}, which expires at {End:yyyy-MM-dd HH:mm} UTC")]
    public static partial void CertificateRenewed(this ILogger logger, string subject, DateTime end);

    [LoggerMessage(8137, LogLevel.Warning,
        "The certificate on the disk or in the store cannot be used, and new connections present the previous one, which expires at "
            + "{End:yyyy-MM-dd HH:mm} UTC: {Problem}")]
    public static partial void CertificateNotRenewed(this ILogger logger, string problem, DateTime end);

    [LoggerMessage(8138, LogLevel.Error,
        "The certificate {Subject} expired at {End:yyyy-MM-dd HH:mm} UTC, and others refuse new connections: replace it")]
    public static partial void CertificateEnded(this ILogger logger, string subject, DateTime end);
}
