using System.Collections.Concurrent;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// A thread that reads many sockets: with one thread each, a process of many nodes would spend most of its time switching
/// from one to the next. There is one for each processor, made by the first socket that wants one, and they stay.
/// </summary>
internal sealed unsafe class SharedReader
{
    private const int MostEvents = 64;
    private const int NoLimit = -1;

    private static readonly Lazy<SharedReader?[]> All = new(() => [.. Enumerable.Range(0, Environment.ProcessorCount).Select(Create)]);
    private static int _given;

    private readonly ConcurrentDictionary<int, BatchingUdpSocket> _sockets = new();
    private readonly int _set;

    private SharedReader(int set)
    {
        _set = set;
    }

    /// <summary>Has a socket read until it stops. False if the system refuses: then it needs a thread of its own.</summary>
    internal static bool TryAdd(BatchingUdpSocket socket)
    {
        var readers = All.Value;
        return readers[(int)((uint)Interlocked.Increment(ref _given) % (uint)readers.Length)]?.Add(socket) ?? false;
    }

    private static SharedReader? Create(int number)
    {
        var set = EpollCalls.Create();
        if (set < 0)
        {
            return null;
        }

        var reader = new SharedReader(set);
        new Thread(reader.Run) { IsBackground = true, Name = $"UDP reader {number}" }.Start();
        return reader;
    }

    private bool Add(BatchingUdpSocket socket)
    {
        // Before the set has it: from then on events come.
        _sockets[socket.Descriptor] = socket;
        if (EpollCalls.TryAdd(_set, socket.Descriptor))
        {
            return true;
        }

        _sockets.TryRemove(socket.Descriptor, out _);
        return false;
    }

    private void Run()
    {
        using var requests = new MessageBatch(BatchingUdpSocket.LongestRequest);
        using var answers = new MessageBatch(BatchingUdpSocket.LongestAnswer);
        var events = stackalloc byte[MostEvents * EpollCalls.EventSize];
        while (true)
        {
            var count = EpollCalls.Wait(_set, events, MostEvents, NoLimit);
            for (var i = 0; i < count; i++)
            {
                if (_sockets.TryGetValue(EpollCalls.SocketOf(events, i), out var socket))
                {
                    Read(socket, requests, answers);
                }
            }
        }
    }

    private void Read(BatchingUdpSocket socket, MessageBatch requests, MessageBatch answers)
    {
        if (socket.ReadOnce(requests, answers))
        {
            return;
        }

        // Out of the set before it is closed: its number may be another file's a moment later.
        EpollCalls.Remove(_set, socket.Descriptor);
        _sockets.TryRemove(socket.Descriptor, out _);
        socket.Finish();
    }
}
