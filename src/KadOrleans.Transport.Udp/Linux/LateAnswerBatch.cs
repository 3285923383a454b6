using System.Net.Sockets;
using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// The answers through one socket that wait for the end of an <see cref="AnswerBatch"/>, or for a system call's worth of them.
/// Threads with batches of their own share it: it is sent when the first of them ends.
/// </summary>
internal sealed class LateAnswerBatch(BatchingUdpSocket socket, AddressFamily family) : IWaitingAnswers
{
    // Guards all below; held while the system copies what it sends, which does not wait.
    private readonly Lock _gate = new();
    private MessageBatch? _answers;
    private int _waiting;
    private bool _closed;

    /// <summary>Takes an answer. False if no batch is open on this thread, or the answer is too long for it.</summary>
    public bool TryPut(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from)
    {
        if (!AnswerBatch.TryJoin(this))
        {
            return false;
        }

        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _answers ??= new MessageBatch(BatchingUdpSocket.LongestAnswer);
            if (!_answers.Put(_waiting, datagram, destination, from, family))
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
            _answers?.Dispose();
            _answers = null;
        }
    }

    private void SendWaiting()
    {
        if (_waiting > 0)
        {
            socket.SendShared(_answers!, _waiting);
            _waiting = 0;
        }
    }
}
