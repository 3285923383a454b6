using System.Security.Cryptography;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Node;

/// <summary>What a node takes from its environment. A simulation has its own.</summary>
public sealed record NodeEnvironment
{
    /// <summary>The clock and the timers. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Randomness. Default: cryptographic.</summary>
    public IRandomSource Random { get; init; } = new CryptographicRandomSource();

    /// <summary>Where logs go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>What verifies signed items. Default: Ed25519 by libsodium.</summary>
    public ISignatures Signatures { get; init; } = Ed25519Signatures.Instance;

    /// <summary>Reads the time since the machine's boot. Null: the system's with the system's clock, and else none.</summary>
    internal Func<BootTime?>? Boot { get; init; }

    /// <summary>How many threads verify at once; see <see cref="ItemChecks"/>.</summary>
    internal int? CheckThreads { get; init; }

    /// <summary>Turns the host names of bootstrap nodes into addresses. Default: the system's DNS.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolver { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Checks of items with a budget of their own.</summary>
    internal ItemChecks CreateChecks() => new(Signatures, Time, CheckThreads);
}

/// <summary>Unpredictable, against forged responses. Drawing a thousand bytes costs about as much as 20.</summary>
internal sealed class CryptographicRandomSource : IRandomSource
{
    private const int Drawn = 1_024;

    [ThreadStatic]
    private static byte[]? _bytes;

    [ThreadStatic]
    private static int _left;

    public void Fill(Span<byte> buffer)
    {
        if (buffer.Length > Drawn)
        {
            RandomNumberGenerator.Fill(buffer);
            return;
        }

        if (_left < buffer.Length)
        {
            RandomNumberGenerator.Fill(_bytes ??= new byte[Drawn]);
            _left = Drawn;
        }

        var given = _bytes.AsSpan(Drawn - _left, buffer.Length);
        given.CopyTo(buffer);
        given.Clear();
        _left -= buffer.Length;
    }
}
