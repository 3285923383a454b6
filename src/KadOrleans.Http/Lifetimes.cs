namespace KadOrleans.Http;

/// <summary>Why a host stopped.</summary>
internal static class Lifetimes
{
    /// <summary>The failure of a background service of a stopped host, which the host itself does not report. Null if none failed.</summary>
    public static Exception? FindCrash(this IHost host) => host.Services.GetServices<IHostedService>()
        .OfType<BackgroundService>()
        .Select(service => service.ExecuteTask?.Exception?.GetBaseException())
        .FirstOrDefault(failure => failure is not null);
}
