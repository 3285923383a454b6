using KadOrleans.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Http.Problems;

/// <summary>The API's own log messages. Event ids 8100 to 8199.</summary>
internal sealed partial class ApiLog(ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger("KadOrleans.Http");

    /// <summary>Logs a request that failed by a fault of the server.</summary>
    public void Failed(HttpRequest request, Exception failure) => LogFailed(request.Method, VisibleText.Excerpt(request.Path), failure);

    [LoggerMessage(8100, LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(string method, string path, Exception failure);
}
