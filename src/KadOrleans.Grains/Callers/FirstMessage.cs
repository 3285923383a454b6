using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace KadOrleans.Grains;

/// <summary>
/// Looks at the first message of a connection before Orleans reads it: its length in four bytes, and what follows. Orleans waits for it without
/// end. On the gateway's port it is refused if it names the caller as the client within a silo, as Orleans delivers that one's responses
/// to whoever is connected under its name.
/// </summary>
internal static class FirstMessage
{
    /// <summary>Above what a caller needs over a slow network. A probe that only connects ends before.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>As Orleans has it.</summary>
    private const int MaxBytes = 1_024;

    private const int LengthBytes = 4;

    /// <summary>
    /// Looks at what clients of this silo's gateway send first, behind all that was set up for its connections, encryption too.
    /// </summary>
    public static void Expect(ISiloBuilder silo) => silo.Services.AddOptions<SiloConnectionOptions>()
        .PostConfigure(ports => ports.ConfigureGatewayInboundConnection(connections =>
        {
            // The message has the cluster's id, too.
            var named = ActivatorUtilities.CreateInstance<NamedCluster>(connections.ApplicationServices, TimeProvider.System);
            var allowed = CountHosted(Encoding.UTF8.GetBytes(named.Own));
            connections.Use(next => connection => ExpectAsync(
                connection, next, TimeProvider.System, allowed, message => named.FindRefusal(message, connection.RemoteEndPoint)));
        }));

    /// <param name="connection">The connection, behind its encryption.</param>
    /// <param name="next">What reads it.</param>
    /// <param name="time">Ends the wait.</param>
    /// <param name="allowedHosted">How often a first message may have the mark of a hosted client, such as in the cluster's id; null: any.</param>
    /// <param name="refuse">What is sent to the caller of a message in place of serving it; null: it is served.</param>
    public static async Task ExpectAsync(
        ConnectionContext connection, ConnectionDelegate next, TimeProvider time, int? allowedHosted, Func<byte[], byte[]?>? refuse = null)
    {
        using (var limit = new CancellationTokenSource(Timeout, time))
        {
            var message = await ReadAsync(connection.Transport.Input, limit.Token);
            if (message is null || (allowedHosted is { } allowed && CountHosted(message) > allowed))
            {
                connection.Abort(new ConnectionAbortedException($"No first message came within {Timeout.TotalSeconds:0} s, or none that is allowed."));
                return;
            }

            if (refuse?.Invoke(message) is { } answer)
            {
                await RefuseAsync(connection, answer, limit.Token);
                return;
            }
        }

        await next(connection);
    }

    /// <summary>How often a text has the mark.</summary>
    public static int CountHosted(ReadOnlySpan<byte> text) => text.Count(CallFilter.HostedName);

    // Until the caller has read it and leaves, as what is sent may be lost when this side ends the connection.
    private static async Task RefuseAsync(ConnectionContext connection, byte[] answer, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Transport.Output.WriteAsync(answer, cancellationToken);
            for (ReadResult read = default; !read.IsCompleted && !read.IsCanceled;)
            {
                read = await connection.Transport.Input.ReadAsync(cancellationToken);
                connection.Transport.Input.AdvanceTo(read.Buffer.End);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            // It left, or did not in time.
        }

        connection.Abort(new ConnectionAbortedException("The first message was refused."));
    }

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
