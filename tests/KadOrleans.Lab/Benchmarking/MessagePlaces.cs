using System.Runtime.InteropServices;
using KadOrleans.Transport.Udp.Linux;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>Headers of many datagrams with room for addresses and control data; the datagrams themselves are elsewhere.</summary>
internal sealed unsafe class MessagePlaces : IDisposable
{
    private readonly byte* _addresses;
    private readonly byte* _controls;
    private readonly int _addressSize;
    private readonly int _controlSize;

    public MessagePlaces(int count, int addressSize, int controlSize)
    {
        (_addressSize, _controlSize) = (addressSize, controlSize);
        Headers = (LinuxCalls.MessageHeader*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(LinuxCalls.MessageHeader));
        Buffers = (LinuxCalls.Buffer*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(LinuxCalls.Buffer));
        _addresses = (byte*)NativeMemory.AllocZeroed((nuint)count, (nuint)addressSize);
        _controls = (byte*)NativeMemory.AllocZeroed((nuint)count, (nuint)controlSize);
        for (var i = 0; i < count; i++)
        {
            Headers[i].Message.Address = _addresses + (i * addressSize);
            Headers[i].Message.AddressLength = (uint)addressSize;
            Headers[i].Message.Buffers = &Buffers[i];
            Headers[i].Message.BufferCount = 1;
            Headers[i].Message.Control = _controls + (i * controlSize);
        }
    }

    public LinuxCalls.MessageHeader* Headers { get; }

    public LinuxCalls.Buffer* Buffers { get; }

    public Span<byte> Address(int index) => new(_addresses + (index * _addressSize), _addressSize);

    public Span<byte> Control(int index) => new(_controls + (index * _controlSize), _controlSize);

    public void Dispose()
    {
        NativeMemory.Free(Headers);
        NativeMemory.Free(Buffers);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_controls);
    }
}
