using KadOrleans.Core;

namespace KadOrleans.Simulation.Tables;

/// <summary>Numbers for contacts: a hundred thousand tables hold a number where one table holds a contact.</summary>
internal sealed class ContactIndex
{
    private readonly List<Contact> _contacts = [];
    private readonly Dictionary<Contact, int> _numbers = new(new ByAddress());

    public Contact this[int number] => _contacts[number];

    public int NumberOf(Contact contact)
    {
        if (!_numbers.TryGetValue(contact, out var number))
        {
            number = _contacts.Count;
            _contacts.Add(contact);
            _numbers.Add(contact, number);
        }

        return number;
    }

    /// <summary>Every node has an address of its own, which is quicker to hash than all of a contact.</summary>
    private sealed class ByAddress : IEqualityComparer<Contact>
    {
        public bool Equals(Contact x, Contact y) => x == y;

        public int GetHashCode(Contact obj) => (int)(obj.Endpoint.AddressLow >> 8);
    }
}
