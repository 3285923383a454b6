using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace KadOrleans.Grains;

/// <summary>
/// Looks at the first message of a gateway's connection before Orleans reads it: its length in four bytes, and what follows. It is refused if it
/// names the caller as the client within a silo, as Orleans delivers that one's responses to whoever is connected under its name.
/// </summary>
internal static class FirstMessage
{
    /// <summary>As Orleans has it.</summary>
    private const int MaxBytes = 1_024;

    private const int LengthBytes = 4;

    // How Orleans begins the name of the client within a silo. Any client may be named so.
    private static ReadOnlySpan<byte> HostedName => "hosted-"u8;

    public static void Expect(IConnectionBuilder connections)
    {
        // The message has the cluster's id, too.
        var allowed = CountHosted(Encoding.UTF8.GetBytes(connections.ApplicationServices.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId));
        connections.Use(next => connection => ExpectAsync(connection, next, allowed));
    }

    /// <param name="connection">The connection, behind its handshake.</param>
    /// <param name="next">What reads it.</param>
    /// <param name="allowedHosted">How often a first message may have the mark of a hosted client, such as in the cluster's id.</param>
    public static async Task ExpectAsync(ConnectionContext connection, ConnectionDelegate next, int allowedHosted)
    {
        if (await ReadAsync(connection.Transport.Input, connection.ConnectionClosed) is not { } message || CountHosted(message) > allowedHosted)
        {
            connection.Abort(new ConnectionAbortedException("The first message is none that is allowed."));
            return;
        }

        await next(connection);
    }

    /// <summary>How often a text has the mark.</summary>
    public static int CountHosted(ReadOnlySpan<byte> text) => text.Count(HostedName);

    // Leaves the message where it is. Null if none comes, or none of an allowed length.
    private static async Task<byte[]?> ReadAsync(PipeReader input, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(cancellationToken);
                var length = LengthOf(read.Buffer);
                if (length is < 0 or > MaxBytes)
                {
                    return null;
                }

                if (length is { } whole && read.Buffer.Length >= LengthBytes + whole)
                {
                    var message = read.Buffer.Slice(LengthBytes, whole).ToArray();
                    input.AdvanceTo(read.Buffer.Start);
                    return message;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    return null;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            return null;
        }
    }

    private static int? LengthOf(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < LengthBytes)
        {
            return null;
        }

        Span<byte> length = stackalloc byte[LengthBytes];
        buffer.Slice(0, LengthBytes).CopyTo(length);
        return BinaryPrimitives.ReadInt32LittleEndian(length);
    }
}
