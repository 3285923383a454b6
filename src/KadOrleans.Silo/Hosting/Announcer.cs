using System.Reflection;
using KadOrleans.Hosting.Settings;
using KadOrleans.Http.Access;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace KadOrleans.Silo.Hosting;

/// <summary>Prints the service URLs after start-up, one per line.</summary>
internal sealed class Announcer(TextWriter output)
{
    // Guards the output: the edge announces from another thread.
    private readonly Lock _lock = new();

    /// <summary>Writes a line.</summary>
    public void Write(string line)
    {
        lock (_lock)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    /// <summary>Announces a started silo. An edge announces itself when it has its lease.</summary>
    public void Announce(IServiceProvider services)
    {
        var address = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var version = typeof(Announcer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        Write($"silo {address} of cluster {services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId}, kad-silo {version?.Split('+')[0]}");
        var http = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        if (services.GetRequiredService<KadOptions>().ServesDashboard)
        {
            Write($"dashboard {http}/dashboard");
            Write($"status {http}/status");
        }

        if (services.GetService<OwnToken>() is { } token)
        {
            Write($"console {http}/console/");
            Write($"token {Path.GetFullPath(token.Path)}");
        }

        Write($"health {http}/health/ready");
    }
}
