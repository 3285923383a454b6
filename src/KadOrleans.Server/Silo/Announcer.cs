using System.Reflection;
using KadOrleans.Hosting.Settings;
using KadOrleans.Http.Access;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace KadOrleans.Silo.Hosting;

/// <summary>Tells where a started silo serves. An edge announces itself when it has its lease.</summary>
internal static class Announcer
{
    /// <summary>The lines to print.</summary>
    public static IEnumerable<string> Lines(IServiceProvider services)
    {
        var address = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var version = typeof(Announcer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        yield return $"silo {address} of cluster {services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId}, kad-silo {version?.Split('+')[0]}";
        var http = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        if (services.GetRequiredService<KadOptions>().ServesDashboard)
        {
            yield return $"dashboard {http}/dashboard";
            yield return $"status {http}/status";
        }

        if (services.GetService<OwnToken>() is { } token)
        {
            yield return $"console {http}/console/";
            yield return $"token {Path.GetFullPath(token.Path)}";
        }

        yield return $"health {http}/health/ready";
    }
}
