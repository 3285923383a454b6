using KadOrleans.Core;

namespace KadOrleans.Simulation.Tables;

/// <summary>Numbers for contacts: a hundred thousand tables hold a number where one table holds a contact.</summary>
internal sealed class ContactIndex
{
    private readonly List<Contact> _contacts = [];
    private readonly Dictionary<Contact, int> _numbers = [];

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
}
