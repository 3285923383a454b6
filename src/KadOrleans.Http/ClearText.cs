namespace KadOrleans.Http;

// Says that tokens can be read on the way to this server, once when it starts. A name that the operator says is asked by HTTPS has a proxy
// before it, which other clients then use too.
internal static class ClearText
{
    public static void WarnOfClearText(this IApplicationBuilder application, HttpPlace place)
    {
        var services = application.ApplicationServices;
        if (services.GetService<ApiTokens>() is not null && place.Certificate is null && !IPAddress.IsLoopback(place.Address.Address)
            && !place.Hosts.HasEncrypted)
        {
            services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ClearText))
                .TokensInClear(place.Address, place.Setting, place.HostsSetting);
        }
    }
}

/// <summary>Its log messages: docs/telemetry.md, Events.</summary>
internal static partial class ClearTextLog
{
    [LoggerMessage(8135, LogLevel.Warning,
        "Tokens come in the clear to {Address}, which other machines reach: who reads the network can use them. Stay on a network that you trust, "
        + "serve HTTPS by https:// in {Setting}, or put a proxy with HTTPS before it and its name as https://NAME into {HostsSetting}")]
    public static partial void TokensInClear(this ILogger logger, IPEndPoint address, string setting, string hostsSetting);
}
