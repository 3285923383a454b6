using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Client;

/// <summary>
/// Makes the handshake on a connection, behind its encryption and before Orleans reads or sends a byte. What a stranger can make this side
/// read is a few bytes, of which each part is compared with what is expected once it is whole.
/// </summary>
internal static class PortHandshake
{
    /// <summary>Above what both sides need over a slow network. A probe that only connects ends before.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Lets a caller in that proves one of the keys, and ends the connections of others.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="next">What reads it then.</param>
    /// <param name="terms">What this side is.</param>
    /// <param name="keys">The keys that are accepted, one or two.</param>
    /// <param name="time">Ends the wait.</param>
    /// <param name="refused">Is told why a caller was not let in: for a counter, as strangers cause it.</param>
    public static async Task ExpectAsync(
        ConnectionContext connection, ConnectionDelegate next, PortTerms terms, IReadOnlyList<ClusterKey> keys, TimeProvider time, Action<HandshakeEnd> refused)
    {
        using (var limit = new CancellationTokenSource(Timeout, time))
        {
            var end = await EndAsync(() => AcceptAsync(connection.Transport, terms, keys, limit.Token), limit.Token);
            if (end != HandshakeEnd.Proven)
            {
                refused(end);
                connection.Abort(new ConnectionAbortedException("The caller did not prove that it has the key."));
                return;
            }
        }

        await next(connection);
    }

    /// <summary>Finds out who listens, and proves the key to a listener that has proved it.</summary>
    /// <exception cref="HandshakeFailedException">It did not prove it. It was told a nonce, and nothing else.</exception>
    public static async Task MakeAsync(ConnectionContext connection, ConnectionDelegate next, PortTerms terms, ClusterKey key, TimeProvider time)
    {
        using (var limit = new CancellationTokenSource(Timeout, time))
        {
            var end = await EndAsync(() => CallAsync(connection, terms, key, limit.Token), limit.Token);
            if (end != HandshakeEnd.Proven)
            {
                throw HandshakeFailedException.Of(end, terms.Kind, connection.RemoteEndPoint);
            }
        }

        await next(connection);
    }

    /// <summary>Finds out whether a handshake is wanted at the other side, by the part of it that needs no key.</summary>
    public static async Task<bool> IsWantedAsync(ConnectionContext connection, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(Timeout, time);
        return await EndAsync(async () => (await GreetAsync(connection.Transport, limit.Token)).Failure ?? HandshakeEnd.WrongProof, limit.Token)
            == HandshakeEnd.WrongProof;
    }

    private static async Task<HandshakeEnd> EndAsync(Func<Task<HandshakeEnd>> handshake, CancellationToken limit)
    {
        try
        {
            return await handshake();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException or InvalidOperationException)
        {
            return limit.IsCancellationRequested ? HandshakeEnd.TimedOut : HandshakeEnd.EndedEarly;
        }
    }

    private static async Task<HandshakeEnd> AcceptAsync(IDuplexPipe transport, PortTerms terms, IReadOnlyList<ClusterKey> keys, CancellationToken cancellationToken)
    {
        var hello = new byte[HandshakeBytes.HelloBytes];
        if (!await TryReadAsync(transport.Input, hello, cancellationToken))
        {
            return HandshakeEnd.EndedEarly;
        }

        if (!HandshakeBytes.TryReadHello(hello, out var callerNonce))
        {
            return HandshakeEnd.NoHandshake;
        }

        var nonce = RandomNumberGenerator.GetBytes(HandshakeBytes.NonceBytes);
        await transport.Output.WriteAsync(HandshakeBytes.WriteChallenge(terms, callerNonce, nonce, keys), cancellationToken);
        var answer = new byte[HandshakeBytes.ProofBytes];
        if (!await TryReadAsync(transport.Input, answer, cancellationToken))
        {
            return HandshakeEnd.EndedEarly;
        }

        // All keys are tried, so that the time tells nothing of which of them it was.
        var isProven = false;
        foreach (var key in keys)
        {
            isProven |= IsProof(answer, key, HandshakeSide.Caller, terms, callerNonce, nonce);
        }

        return isProven ? HandshakeEnd.Proven : HandshakeEnd.WrongProof;
    }

    private static async Task<HandshakeEnd> CallAsync(ConnectionContext connection, PortTerms terms, ClusterKey key, CancellationToken cancellationToken)
    {
        var transport = connection.Transport;
        var (failure, nonce, head, rest) = await GreetAsync(transport, cancellationToken);
        if (failure is { } end)
        {
            return end;
        }

        byte[] whole = [.. head, .. new byte[rest]];
        if (!await TryReadAsync(transport.Input, whole.AsMemory(head.Length), cancellationToken))
        {
            return HandshakeEnd.EndedEarly;
        }

        var met = HandshakeBytes.ReadChallenge(whole);
        var isProven = false;
        for (var at = 0; at < met.Proofs.Length; at += HandshakeBytes.ProofBytes)
        {
            isProven |= IsProof(met.Proofs.Span.Slice(at, HandshakeBytes.ProofBytes), key, HandshakeSide.Listener, terms, nonce, met.Nonce.Span);
        }

        if (!isProven)
        {
            throw HandshakeFailedException.OfStranger(met.Terms, terms, connection.RemoteEndPoint);
        }

        var proof = new byte[HandshakeBytes.ProofBytes];
        HandshakeBytes.Prove(key, HandshakeSide.Caller, terms, nonce, met.Nonce.Span, proof);
        await transport.Output.WriteAsync(proof, cancellationToken);
        return HandshakeEnd.Proven;
    }

    // The part that needs no key: a hello, and the head of what the other side answers, with how many bytes follow it.
    private static async Task<(HandshakeEnd? Failure, byte[] Nonce, byte[] Head, int Follow)> GreetAsync(
        IDuplexPipe transport, CancellationToken cancellationToken)
    {
        var nonce = RandomNumberGenerator.GetBytes(HandshakeBytes.NonceBytes);
        await transport.Output.WriteAsync(HandshakeBytes.WriteHello(nonce), cancellationToken);
        var head = new byte[HandshakeBytes.HeadBytes];
        return !await TryReadAsync(transport.Input, head, cancellationToken) ? (HandshakeEnd.EndedEarly, nonce, head, 0)
            : HandshakeBytes.TryReadHead(head, out var rest) ? (null, nonce, head, rest)
            : (HandshakeEnd.NoHandshake, nonce, head, 0);
    }

    private static bool IsProof(
        ReadOnlySpan<byte> given, ClusterKey key, HandshakeSide side, PortTerms terms, ReadOnlySpan<byte> callerNonce, ReadOnlySpan<byte> listenerNonce)
    {
        Span<byte> expected = stackalloc byte[HandshakeBytes.ProofBytes];
        HandshakeBytes.Prove(key, side, terms, callerNonce, listenerNonce, expected);
        return CryptographicOperations.FixedTimeEquals(given, expected);
    }

    // Takes as many bytes as there is room for, and leaves what follows to the next reader. False: the other side ended before.
    private static async ValueTask<bool> TryReadAsync(PipeReader input, Memory<byte> to, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            if (read.Buffer.Length >= to.Length)
            {
                var taken = read.Buffer.Slice(0, to.Length);
                System.Buffers.BuffersExtensions.CopyTo(taken, to.Span);
                input.AdvanceTo(taken.End);
                return true;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return false;
            }
        }
    }
}

/// <summary>How a handshake ended.</summary>
internal enum HandshakeEnd
{
    /// <summary>Both sides have the key.</summary>
    Proven,

    /// <summary>What came is not of a handshake.</summary>
    NoHandshake,

    /// <summary>The other side left.</summary>
    EndedEarly,

    /// <summary>The other side took longer than <see cref="PortHandshake.Timeout"/>.</summary>
    TimedOut,

    /// <summary>The other side has another key.</summary>
    WrongProof,
}
