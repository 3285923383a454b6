using System.Net.Sockets;
using KadOrleans.Core;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// The responses through one socket that wait for <see cref="UdpSocket.Flush"/>, or for a system call's worth of them. Threads share
/// it: it is sent when the first of them flushes.
/// </summary>
internal sealed class DeferredBatch(BatchingUdpSocket socket, AddressFamily family)
{
    // Guards all below; held while the system copies what it sends, which does not wait.
    private readonly Lock _gate = new();
    private MessageBatch? _responses;
    private int _waiting;
    private bool _closed;

    /// <summary>Takes a response. False if it is too long, or the socket is closed.</summary>
    public bool TryPut(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _responses ??= new MessageBatch(BatchingUdpSocket.MaxBatchedLength);
            if (!_responses.Put(_waiting, datagram, destination, from, family))
            {
                return false;
            }

            if (++_waiting == MessageBatch.Capacity)
            {
                SendWaiting();
            }

            return true;
        }
    }

    /// <summary>Sends what waits.</summary>
    public void Send()
    {
        lock (_gate)
        {
            SendWaiting();
        }
    }

    /// <summary>Sends what waits, and takes nothing more. Called before the socket is closed.</summary>
    public void Close()
    {
        lock (_gate)
        {
            SendWaiting();
            _closed = true;
            _responses?.Dispose();
            _responses = null;
        }
    }

    private void SendWaiting()
    {
        if (_waiting > 0)
        {
            socket.SendShared(_responses!, _waiting);
            _waiting = 0;
        }
    }
}
