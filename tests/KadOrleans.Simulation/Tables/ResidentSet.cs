namespace KadOrleans.Simulation.Tables;

/// <summary>
/// The items that may stay in memory, a fixed number of them. A newcomer takes the place of one that was not used
/// since the hand last came by.
/// </summary>
internal sealed class ResidentSet<T>(int capacity, Action<T> evict)
    where T : class
{
    private readonly List<Place> _places = [];
    private int _hand;

    /// <summary>Takes an item in and returns its place.</summary>
    public Place Add(T item)
    {
        if (_places.Count < capacity)
        {
            var place = new Place { Item = item, IsUsed = true };
            _places.Add(place);
            return place;
        }

        while (_places[_hand].IsUsed)
        {
            _places[_hand].IsUsed = false;
            Advance();
        }

        evict(_places[_hand].Item);
        var taken = _places[_hand] = new Place { Item = item, IsUsed = true };
        Advance();
        return taken;
    }

    private void Advance() => _hand = (_hand + 1) % capacity;

    internal sealed class Place
    {
        public required T Item { get; init; }

        public bool IsUsed { get; set; }
    }
}
