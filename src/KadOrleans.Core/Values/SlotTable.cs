using System.Runtime.CompilerServices;

namespace KadOrleans.Core.Values;

/// <summary>
/// One slot of 36 bytes for each value that may be evicted: its key and its neighbours in the list of its source. Slots hold
/// no references, so the garbage collector does not look at them.
/// </summary>
internal sealed class SlotTable
{
    /// <summary>No slot.</summary>
    public const int None = -1;

    // Chunks: growth copies nothing, and 36 KB stay out of the large object heap.
    private const int ChunkBits = 10;
    private const int ChunkLength = 1 << ChunkBits;

    private readonly List<Slot[]> _chunks = [];
    private int _free = None;

    /// <summary>Slots there are, free ones included; their numbers are below this.</summary>
    public int Length { get; private set; }

    public ref Slot this[int slot] => ref _chunks[slot >> ChunkBits][slot & (ChunkLength - 1)];

    /// <summary>A free slot, in no list.</summary>
    public int Take()
    {
        if (_free != None)
        {
            var slot = _free;
            _free = this[slot].Newer;
            return slot;
        }

        if (Length == _chunks.Count << ChunkBits)
        {
            _chunks.Add(new Slot[ChunkLength]);
        }

        return Length++;
    }

    /// <summary>Releases a slot that is in no list.</summary>
    public void Release(int slot)
    {
        this[slot] = new Slot { Owner = None, Newer = _free };
        _free = slot;
    }

    /// <summary>A value that may be evicted.</summary>
    internal struct Slot
    {
        private KeyBytes _key;
        private int _size;

        /// <summary>Neighbours in the list of the source, or <see cref="None"/>.</summary>
        public int Older;

        /// <inheritdoc cref="Older"/>
        public int Newer;

        /// <summary>Number of the source; <see cref="None"/> in a free slot.</summary>
        public int Owner;

        public NodeId Key
        {
            readonly get => new(_key);
            set => value.CopyTo(_key);
        }

        public readonly int Footprint => _size >> 1;

        public readonly bool IsFar => (_size & 1) != 0;

        public void Describe(int footprint, bool isFar) => _size = (footprint << 1) | (isFar ? 1 : 0);
    }

    [InlineArray(NodeId.Length)]
    private struct KeyBytes
    {
        private byte _first;
    }
}
