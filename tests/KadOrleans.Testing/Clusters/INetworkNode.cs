using System.Net;

namespace KadOrleans.Testing.Clusters;

/// <summary>A process that serves one node id over UDP, at the same address after each start.</summary>
public interface INetworkNode : IAsyncDisposable
{
    /// <summary>Where it listens.</summary>
    IPEndPoint Address { get; }

    /// <summary>The node id that it serves, as of the last start.</summary>
    string Id { get; }

    /// <summary>Starts it and waits until it has its id.</summary>
    Task StartAsync();

    /// <summary>SIGKILL, and its end.</summary>
    Task KillAsync();

    /// <summary>SIGTERM, and the exit code.</summary>
    Task<int> StopAsync();
}
