namespace KadOrleans.Node;

/// <summary>Datagrams and addresses in native memory, as the system calls want them. Used by one thread.</summary>
internal sealed unsafe class MessageBatch : IDisposable
{
    /// <summary>Beyond some dozens a call per batch costs nothing, and the last datagram waits longer.</summary>
    internal const int Capacity = 32;

    /// <summary>struct sockaddr_in6</summary>
    private const int AddressSize = 28;

    private readonly LinuxCalls.MessageHeader* _headers;
    private readonly LinuxCalls.Buffer* _buffers;
    private readonly byte* _addresses;
    private readonly byte* _controls;
    private readonly byte* _datagrams;
    private readonly int _datagramSize;

    internal MessageBatch(int datagramSize)
    {
        _datagramSize = datagramSize;
        _headers = (LinuxCalls.MessageHeader*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(LinuxCalls.MessageHeader));
        _buffers = (LinuxCalls.Buffer*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(LinuxCalls.Buffer));
        _addresses = (byte*)NativeMemory.AllocZeroed(Capacity, AddressSize);
        _controls = (byte*)NativeMemory.AllocZeroed(Capacity, ControlData.MaxLength);
        _datagrams = (byte*)NativeMemory.Alloc(Capacity, (nuint)datagramSize);
        for (var i = 0; i < Capacity; i++)
        {
            _buffers[i].Start = _datagrams + ((long)i * datagramSize);
            _headers[i].Message.Buffers = &_buffers[i];
            _headers[i].Message.BufferCount = 1;
            _headers[i].Message.Address = _addresses + (i * AddressSize);
            _headers[i].Message.Control = _controls + (i * ControlData.MaxLength);
        }
    }

    internal LinuxCalls.MessageHeader* Headers => _headers;

    internal int Count { get; private set; }

    internal bool IsFull => Count == Capacity;

    internal ReadOnlySpan<byte> Address(int index) =>
        new(_headers[index].Message.Address, (int)Math.Min(_headers[index].Message.AddressLength, AddressSize));

    internal ReadOnlySpan<byte> Datagram(int index) => new(_buffers[index].Start, (int)_headers[index].Length);

    /// <summary>The local address that a datagram came to, if the system reported it.</summary>
    internal UdpEndpoint Asked(int index) => PacketInformation.TryRead(Reported(index), out var asked) ? asked : default;

    internal TimeSpan Age(int index) => ArrivalTime.Age(Reported(index), DateTime.UtcNow);

    internal void Reset()
    {
        for (var i = 0; i < Capacity; i++)
        {
            _headers[i].Message.AddressLength = AddressSize;
            _headers[i].Message.ControlLength = ControlData.MaxLength;
            _buffers[i].Length = (nuint)_datagramSize;
        }
    }

    /// <summary>False if the datagram is too long.</summary>
    internal bool TryAdd(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from, AddressFamily family)
    {
        var address = SocketAddressBytes.Fill(destination, family);
        if (!TryAdd(datagram, address.Buffer.Span[..address.Size]))
        {
            return false;
        }

        if (from != default)
        {
            _headers[Count - 1].Message.ControlLength = (nuint)PacketInformation.Write(Control(Count - 1), from, family);
        }

        return true;
    }

    /// <summary>Takes an address in the system's form. The system chooses the local one.</summary>
    internal bool TryAdd(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> address)
    {
        if (IsFull || datagram.Length > _datagramSize)
        {
            return false;
        }

        var index = Count++;
        datagram.CopyTo(new Span<byte>(_buffers[index].Start, _datagramSize));
        _buffers[index].Length = (nuint)datagram.Length;
        address.CopyTo(new Span<byte>(_headers[index].Message.Address, AddressSize));
        _headers[index].Message.AddressLength = (uint)address.Length;
        _headers[index].Message.ControlLength = 0;
        return true;
    }

    internal void Clear() => Count = 0;

    public void Dispose()
    {
        NativeMemory.Free(_headers);
        NativeMemory.Free(_buffers);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_controls);
        NativeMemory.Free(_datagrams);
    }

    private ReadOnlySpan<byte> Reported(int index) => Control(index)[..(int)_headers[index].Message.ControlLength];

    private Span<byte> Control(int index) => new(_controls + (index * ControlData.MaxLength), ControlData.MaxLength);
}
