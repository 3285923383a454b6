using System.Net.Sockets;

namespace KadOrleans.Lab;

/// <summary>
/// Answers each datagram with its header and the number of bytes of a node's response. It does nothing else, so it shows the limit of the
/// runtime and the system.
/// </summary>
/// <param name="answerLengths">By the length of the request; 0 leaves it unanswered.</param>
internal sealed unsafe class EchoServer(int[] answerLengths) : IDisposable
{
    private const int LongestDatagram = 16 * 1024;
    private const int BufferBytes = 4 * 1024 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _answer = new byte[LongestDatagram];

    /// <summary>Binds a free port of 127.0.0.1, with the buffers of a node.</summary>
    public UdpEndpoint Bind()
    {
        _socket.ReceiveBufferSize = BufferBytes;
        _socket.SendBufferSize = BufferBytes;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var local = (IPEndPoint)_socket.LocalEndPoint!;
        return UdpEndpoint.FromIPAddress(local.Address, local.Port);
    }

    public void EchoOneByOne()
    {
        var buffer = new byte[LongestDatagram];
        var source = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            var length = _socket.ReceiveFrom(buffer, SocketFlags.None, source);
            if (Answer(buffer.AsSpan(0, length)) is { Length: > 0 } answer)
            {
                _socket.SendTo(answer, SocketFlags.None, source);
            }
        }
    }

    /// <summary>Up to 32 datagrams a call, as a node reads and answers them. Never returns.</summary>
    public void EchoInBatches()
    {
        using var requests = new MessageBatch(LongestDatagram);
        using var answers = new MessageBatch(LongestDatagram);
        var descriptor = (int)_socket.SafeHandle.DangerousGetHandle();
        while (true)
        {
            requests.Reset();
            var count = LinuxCalls.ReceiveMany(descriptor, requests.Headers, MessageBatch.Capacity, LinuxCalls.WaitForOne, null);
            answers.Clear();
            for (var i = 0; i < count; i++)
            {
                if (Answer(requests.Datagram(i)) is { Length: > 0 } answer)
                {
                    answers.TryAdd(answer, requests.Address(i));
                }
            }

            for (var next = 0; next < answers.Count;)
            {
                next += Math.Max(1, LinuxCalls.SendMany(descriptor, answers.Headers + next, (uint)(answers.Count - next), LinuxCalls.DoNotWait));
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request)
    {
        if (request.Length < Datagram.HeaderLength || request.Length >= answerLengths.Length)
        {
            return [];
        }

        request[..Datagram.HeaderLength].CopyTo(_answer);
        _answer[0] = (byte)DatagramKind.Response;
        return _answer.AsSpan(0, answerLengths[request.Length]);
    }
}
