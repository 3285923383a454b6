using System.Net;
using KadOrleans.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Node;

/// <summary>What a node takes from its surroundings; a simulation brings its own.</summary>
public sealed record NodeEnvironment
{
    /// <summary>The clock and the timers. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Randomness. Default: cryptographic.</summary>
    public IRandomSource Random { get; init; } = new CryptographicRandomSource();

    /// <summary>Where logs go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Turns the host names of bootstrap nodes into addresses. Default: the system's DNS.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolver { get; init; } = Dns.GetHostAddressesAsync;
}
